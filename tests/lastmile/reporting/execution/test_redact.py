"""No form of a secret stays in an executed notebook."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lastmile.reporting.execution.outcome import Executed
from lastmile.reporting.execution.redact import Redactor, redact
from lastmile.values import Cause, CauseKind, State

SECRET = "p&s<w>rd/ä\"'+= x"
STRUCK = "[redacted: DB]"
FORMS = {
    "as it is": SECRET,
    "URL": quote(SECRET, safe=""),
    "path of a URL": quote(SECRET),
    "form": quote_plus(SECRET),
    "URL in lower case": quote(SECRET, safe="").replace("%2F", "%2f").lower(),
    "JSON": json.dumps(SECRET),
    "JSON with letters": json.dumps(SECRET, ensure_ascii=False),
    "Python": repr(SECRET),
    "HTML": html.escape(SECRET),
    "HTML text": html.escape(SECRET, quote=False),
    "hexadecimal": SECRET.encode().hex(),
    "HEX": SECRET.encode().hex().upper(),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_struck_out(form):
    redactor = Redactor({"DB": SECRET})
    found = redactor.text(f"before {FORMS[form]} after")

    assert STRUCK in found
    assert "rd" not in found.replace(STRUCK, "")
    assert (found[:7], found[-6:], redactor.count) == ("before ", " after", 1)


@settings(deadline=None)
@given(st.binary(max_size=9), st.text(min_size=8, max_size=40), st.binary(max_size=9))
def test_base64_hides_nothing_wherever_the_secret_stands(before, secret, after):
    if len(secret.strip()) < 8:
        return
    raw = before + secret.encode("utf-8", "replace") + after
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found = Redactor({"DB": secret}).text(encode(raw).decode())
        assert STRUCK in found


@settings(deadline=None)
@given(st.text(), st.text(st.characters(exclude_categories=["Cs"]), min_size=4), st.text())
def test_the_value_itself_never_stays(before, secret, after):
    if len(secret.strip()) < 4:
        return
    assert secret not in Redactor({"DB": secret}).text(before + secret + after).replace(STRUCK, "")


def test_all_of_a_notebook_is_searched():
    shown = new_output(
        "display_data",
        {
            "text/html": f"<b>{html.escape(SECRET)}</b>",
            "application/json": {"a": [SECRET, {SECRET: 1}], "n": 12345678},
            "image/svg+xml": f"<svg><title>{html.escape(SECRET)}</title></svg>",
            "image/png": base64.b64encode(b"\x89PNG tEXt" + SECRET.encode()).decode(),
        },
        metadata={"note": SECRET},
    )
    error = new_output("error", ename="E", evalue=SECRET, traceback=["x", f"\x1b[31m{SECRET}"])
    stream = new_output("stream", name="stdout", text=f"{SECRET}\n")
    code = new_code_cell(f"x = {SECRET!r}", outputs=[shown, error, stream])
    code.metadata["lastmile"] = {"note": f"raised {SECRET}"}
    notebook = new_notebook(cells=[new_markdown_cell(SECRET), code])
    cause = Cause(kind=CauseKind.CELL_ERROR, message=f"cell 1 raised E: {SECRET}", cell=0)
    executed = Executed(
        notebook=notebook, state=State.FAILED, cause=cause,
        cells=1, seconds=1.0, cell_seconds=1.0, peak_memory=None,
    )  # fmt: skip
    clean = redact(executed, {"DB": SECRET, "PIN": "12345678"})
    text = json.dumps(clean.notebook, ensure_ascii=False)

    assert Redactor({"DB": SECRET, "PIN": "12345678"}).text(text) == text
    assert clean.cause.message == f"cell 1 raised E: {STRUCK}"
    assert "image/png" not in shown.data
    assert shown.data["text/plain"] == STRUCK
    assert shown.data["application/json"] == {
        "a": [STRUCK, {STRUCK: 1}], "n": "[redacted: PIN]"
    }  # fmt: skip
    assert clean.redacted == 14


def test_what_holds_no_secret_stays_as_it_is():
    picture = base64.b64encode(bytes(range(256)) * 50).decode()
    data = {"image/png": picture, "text/plain": "a figure"}
    notebook = new_notebook(cells=[new_code_cell("x", outputs=[new_output("display_data", data)])])
    before = json.dumps(notebook)
    redactor = Redactor({"DB": SECRET})
    redactor.notebook(notebook)

    assert (json.dumps(notebook), redactor.count) == (before, 0)


def test_a_message_that_was_cut_in_the_middle_of_a_secret_keeps_no_part_of_it():
    redactor = Redactor({"DB": SECRET})

    assert redactor.message(f"cell 3 raised E: {SECRET[:9]}...") == f"cell 3 raised E: {STRUCK}"
    assert redactor.message("cell 3 raised E: pq...") == "cell 3 raised E: pq..."


def test_each_long_line_of_a_key_is_struck_out():
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END KEY-----"
    found = Redactor({"KEY": key}).text("   9w0BAQEFAASCBKcwggSj\n" + repr(key))

    assert "9w0B" not in found
    assert "MIIE" not in found


def test_the_longer_of_two_secrets_that_begin_alike_is_named():
    redactor = Redactor({"A": "hunter", "B": "hunter22"})

    assert redactor.text("hunter22 hunter") == "[redacted: B] [redacted: A]"
