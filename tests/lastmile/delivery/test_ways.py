"""Chats, webhooks, folders and stores: real ones on this machine."""

import hashlib
import hmac
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from tests.lastmile.delivery.conftest import STARTED, ended_run

from lastmile.delivery import chat, storage, webhook
from lastmile.delivery.definition import Deliver
from lastmile.delivery.letter import letter_of
from lastmile.delivery.outbox import Later, Never, Sent, deliveries_of, order_of


@pytest.fixture(name="http")
def _http():
    """A web server that remembers what was posted and answers as it is told."""

    class Handler(BaseHTTPRequestHandler):
        answer, headers_sent, posted = 200, {}, []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.posted.append((self.path, dict(self.headers), body))
            self.send_response(Handler.answer)
            for name, value in Handler.headers_sent.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Handler.address = f"http://127.0.0.1:{server.server_port}"
    Handler.posted = []
    yield Handler
    server.shutdown()
    server.server_close()
    thread.join()


def hook(http, *, key="s3cret"):
    run = ended_run()
    address = f"{http.address}/hook"
    (delivery,) = deliveries_of(run, order_of("Rain", [Deliver(webhook=address)]), STARTED)
    body = webhook.body_of(delivery, run, "Rain", "https://example.org/x")
    return webhook.send(delivery, address, body, key=key, at=STARTED)


def test_a_webhook_is_signed_over_time_and_body(http):
    assert hook(http) == Sent("200 OK")
    ((path, headers, body),) = http.posted
    stamp = headers["Lastmile-Timestamp"]
    expected = hmac.new(b"s3cret", stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    told = json.loads(body)

    assert path == "/hook"
    assert headers["Lastmile-Signature"] == f"v1={expected}"
    assert headers["Idempotency-Key"] == told["delivery"]
    assert (told["run"], told["state"], told["recorded"]["rows"]) == (
        "20260301-060000-ab12", "succeeded", 31,
    )  # fmt: skip
    hook(http)
    assert http.posted[1][2] == body


@pytest.mark.parametrize(
    ("status", "answer"),
    [(204, Sent), (301, Never), (400, Never), (404, Never), (429, Later), (500, Later),
     (503, Later)],
)  # fmt: skip
def test_what_a_webhook_answers_decides_on_another_attempt(http, status, answer):
    http.answer = status
    http.headers_sent = {"Retry-After": "77", "Location": f"{http.address}/elsewhere"}
    told = hook(http)

    assert isinstance(told, answer)
    assert len(http.posted) == 1, "redirections are not followed"
    assert not isinstance(told, Later) or told.seconds == 77
    http.answer, http.headers_sent = 200, {}


def test_nobody_behind_a_webhook_is_a_reason_to_try_again(http):
    http.address = "http://127.0.0.1:9"

    assert "refused" in hook(http).reason


def test_a_chat_gets_a_short_text_through_apprise(http):
    address = http.address.replace("http://", "json://") + "/hunter2token"

    assert chat.send(address, "Rain", letter_of(ended_run(), "Rain")) == Sent()
    told = json.loads(http.posted[0][2])
    assert told["title"] == "Rain"
    assert "rain share: 0.7" in told["message"]


def test_a_chat_that_refuses_is_told_without_its_tokens(http):
    http.answer = 500
    address = http.address.replace("http://", "json://") + "/hunter2token"
    told = chat.send(address, "Rain", letter_of(ended_run(), "Rain"))
    http.answer = 200

    assert isinstance(told, Later)
    assert told.reason
    assert "hunter2token" not in told.reason


@pytest.fixture(name="published")
def _published(tmp_path):
    folder = tmp_path / "built"
    folder.mkdir()
    for name in ("index.html", "report.pdf", "notebook.ipynb", "run.json"):
        (folder / name).write_text(name)
    return ended_run(folder=folder, files=tuple(path.name for path in sorted(folder.iterdir())))


def test_a_folder_gets_the_pages_whole_and_the_same_when_asked_again(published, tmp_path):
    for _ in range(2):
        assert storage.to_folder(published, tmp_path / "out") == Sent(
            str(tmp_path / f"out/rain/{published.key}")
        )

    names = sorted(path.name for path in (tmp_path / f"out/rain/{published.key}").iterdir())
    assert names == ["index.html", "report.pdf", "run.json"]


def test_a_folder_that_may_not_be_written_is_a_reason_to_try_again(published, tmp_path):
    (tmp_path / "out").write_text("a file")

    assert isinstance(storage.to_folder(published, tmp_path / "out"), Later)


@pytest.mark.parametrize("scheme", ["memory", "file"])
def test_a_store_gets_the_pages_the_record_last(published, tmp_path, scheme):
    import fsspec

    address = f"{scheme}://{tmp_path}/bucket"
    for _ in range(2):
        assert storage.to_store(published, address, {}) == Sent(f"{address}/rain/{published.key}")
    system, path = fsspec.core.url_to_fs(f"{address}/rain/{published.key}")

    assert system.cat_file(f"{path}/report.pdf") == b"report.pdf"
    assert sorted(name.rpartition("/")[2] for name in system.ls(path, detail=False)) == [
        "index.html", "report.pdf", "run.json",
    ]  # fmt: skip


def test_a_store_that_refuses_is_told_and_not_raised(published):
    assert isinstance(storage.to_store(published, "zip://bucket/x", {}), Later)


def test_a_store_whose_part_is_not_installed_says_which(published, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)

    with pytest.raises(ModuleNotFoundError, match="s3fs"):
        storage.to_store(published, "s3://bucket/x", {})
