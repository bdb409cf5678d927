"""A secret reaches the notebook and nothing else: not a byte of it is found afterwards."""

import base64
import gzip
import json
import zlib
from urllib.parse import quote

import pytest
from pypdf import PdfReader

from lastmile.reporting.execution.redact import forms_of
from lastmile.store import RunLog

SECRET = "correct-h0rse/battery&staple"
REPORT = '[parameters.password]\nvalue = "secret:DB_PASSWORD"\n'
PARAMETERS = 'password: str = ""'
CELLS = (
    "import base64, html, sys, os, urllib.parse\n"
    "assert password == os.environ['LASTMILE_SECRET_DB_PASSWORD']\n"
    "print(password, len(password))\n"
    "print('to the error stream', password, file=sys.stderr)",
    "print(base64.b64encode(b'user:' + password.encode() + b'!').decode())\n"
    "print('https://x.test/?p=' + urllib.parse.quote(password, safe=''))",
    "from IPython.display import HTML, JSON, Markdown, display\n"
    "display(HTML('<b>' + html.escape(password) + '</b>'), JSON({'p': [password]}))\n"
    "display(Markdown('# ' + password))\n"
    "{'password': password}",
    "os.system('echo from below: $LASTMILE_SECRET_DB_PASSWORD')",
)


@pytest.fixture(name="root")
def _root(make_workspace, monkeypatch):
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    return lambda *cells: make_workspace(cells or CELLS, PARAMETERS, REPORT)


def bytes_of(path):
    """A file's bytes, and those that stand compressed in it."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".pdf":
        for part in raw.split(b"stream\n")[1:]:
            try:
                yield zlib.decompressobj().decompress(part)
            except zlib.error:
                continue
        yield "".join(page.extract_text() for page in PdfReader(path).pages).encode()
    if path.suffix == ".gz":
        yield gzip.decompress(raw)


def left_behind(root):
    """Files in which some form of the secret stands."""
    forms = [form.encode() for form in forms_of(SECRET)]
    files = [path for path in root.rglob("*") if path.is_file()]
    return [path for path in files for raw in bytes_of(path) if any(form in raw for form in forms)]


def test_a_good_run_shows_and_keeps_no_byte_of_it(lastmile, root):
    folder = root()
    answer = lastmile("report", "run", "plain", "--json", cwd=folder)
    run = json.loads(answer.out)
    page = (folder / "reports/_built/plain" / run["key"] / "index.html").read_text()
    with RunLog(f"sqlite:///{folder}/.lastmile/store.db") as log:
        [recorded] = log.history()

    assert run["state"] == "succeeded", answer.err
    assert left_behind(folder) == []
    assert "[redacted: DB_PASSWORD]" in page
    assert f"secrets in {run['redacted']} places" in page
    assert run["parameters"] == {"password": "secret:DB_PASSWORD"}
    assert recorded.redacted == run["redacted"] >= 8
    assert SECRET not in answer.out + answer.err


def test_a_failed_run_keeps_no_byte_of_it_either(lastmile, root):
    folder = root("raise ValueError('cannot log in as ' + password)")
    answer = lastmile("report", "run", "plain", cwd=folder)

    assert answer.code == 1
    assert "cannot log in as [redacted: DB_PASSWORD]" in answer.err
    assert left_behind(folder) == []
    assert SECRET not in answer.out + answer.err


@pytest.mark.parametrize("how", ["exit", "long"], ids=["sys.exit", "a message that is cut"])
def test_causes_of_other_kinds_keep_no_byte_of_it(lastmile, root, how):
    cell = {
        "exit": "import sys; sys.exit('bye ' + password)",
        "long": "raise ValueError('x' * (170 - len(password)) + password + 'y' * 90)",
    }[how]
    folder = root(cell)
    lastmile("report", "run", "plain", "--format", "html", cwd=folder)

    assert left_behind(folder) == []


def test_the_search_would_find_it(lastmile, root, monkeypatch):
    monkeypatch.setattr("lastmile.reporting.execution.run.redact", lambda executed, _: executed)
    folder = root()
    lastmile("report", "run", "plain", cwd=folder)

    found = {path.suffix for path in left_behind(folder)}
    assert {".html", ".pdf", ".ipynb"} <= found


def test_a_reference_as_the_notebooks_own_default_is_one_as_well(
    lastmile, make_workspace, monkeypatch
):
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    root = make_workspace(CELLS[:1], 'password: str = "secret:DB_PASSWORD"')

    assert lastmile("report", "run", "plain", "--format", "html", cwd=root).code == 0
    assert left_behind(root) == []


def test_an_unknown_secret_starts_no_kernel_and_records_no_run(lastmile, make_workspace):
    folder = make_workspace(CELLS, PARAMETERS)
    answer = lastmile("report", "run", "plain", "--password", "secret:NOBODY_KNOWS", cwd=folder)

    assert answer.code == 2
    assert "the variable NOBODY_KNOWS is not set" in answer.err
    assert not (folder / "reports/_built").exists()


def test_a_secret_may_stand_in_a_file(lastmile, make_workspace):
    folder = make_workspace(["print(len(password))"], PARAMETERS)
    (folder / "pyproject.toml").write_text('[tool.lastmile]\nsecrets = "../keys"\n')
    keys = folder.parent / "keys"
    keys.mkdir()
    (keys / "API").write_text(SECRET)
    words = ("report", "run", "plain", "-p", "password=secret:API", "--format", "html")
    open_ = lastmile(*words, cwd=folder)
    (keys / "API").chmod(0o600)
    closed = lastmile(*words, cwd=folder)

    assert (open_.code, closed.code) == (2, 0), closed.err
    assert "chmod 600" in open_.err
    [page] = folder.glob("reports/_built/plain/*-*/index.html")
    assert str(len(SECRET)) in page.read_text()


@pytest.mark.parametrize(
    ("parameters", "value", "reason"),
    [
        ("password: int = 3", "secret:X", "a secret is a text, and this parameter is int"),
        ("password: str = ''", "secret:a b", "a secret is written as secret:NAME"),
        ("password: str = ''", "secret:../x", "a secret is written as secret:NAME"),
    ],
)
def test_references_that_cannot_be_right_are_refused(
    lastmile, make_workspace, parameters, value, reason
):
    answer = lastmile(
        "report", "run", "plain", "-p", f"password={value}", cwd=make_workspace(["1"], parameters)
    )

    assert answer.code == 2
    assert reason in answer.err


def test_the_forms_that_are_searched_for_are_those_that_the_cells_print():
    encoded = base64.b64encode(b"user:" + SECRET.encode() + b"!").decode()

    assert any(form in encoded for form in forms_of(SECRET))
    assert quote(SECRET, safe="") in forms_of(SECRET)
