"""Mail and web addresses: what passes is one address and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from lastmile.addresses import MailAddress, WebAddress, parse_address


@pytest.mark.parametrize(
    ("text", "spec", "name"),
    [
        ("ann@example.org", "ann@example.org", ""),
        ("Ann Lee <ann.lee@Example.ORG>", "ann.lee@example.org", "Ann Lee"),
        ('"Lee, Ann" <ann+news@example.org>', "ann+news@example.org", "Lee, Ann"),
        ("Zoë Müller <zoe@müller.example>", "zoe@xn--mller-kva.example", "Zoë Müller"),
        ("root@localhost", "root@localhost", ""),
    ],
)
def test_an_address_is_read(text, spec, name):
    parsed = parse_address(text)

    assert (parsed.addr_spec, parsed.display_name) == (spec, name)


@pytest.mark.parametrize(
    "text",
    [
        "", "ann", "ann@", "@example.org", "ann@exa mple.org", "ann@-a.org", "a@b.org, c@d.org",
        "ann@example.org\nBcc: eve@example.org", "Ann\r\nBcc: e@x.org <ann@example.org>",
        "ann@example..org", "a..b@example.org", "<>", "x" * 65 + "@example.org", "ann@" + "a" * 64,
        "Ann <ann@example.org> <eve@example.org>", "ann@example.org>", "a\x00@b.org",
    ],
)  # fmt: skip
def test_what_is_not_one_address_is_refused(text):
    with pytest.raises(ValueError, match="not a mail address"):
        parse_address(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[^\n]*<?[a-z\r\n,:]+@[a-z.\r\n]+>?", fullmatch=True))
def test_whatever_passes_is_one_line_with_one_address(text):
    try:
        parsed = parse_address(text)
    except ValueError:
        return
    assert str(parsed).isprintable()
    assert parsed.addr_spec.count("@") == 1
    assert not set(parsed.addr_spec) & set(' ,;<>()"\r\n')


@pytest.mark.parametrize(
    "text",
    ["example.org", "ftp://example.org", "https://", "https://a b", "http://u:p@example.org/",
     "https://example.org:99999/", "https://example.org/\nx"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(text):
    with pytest.raises(ValidationError, match="a web address"):
        TypeAdapter(WebAddress).validate_python(text)


def test_addresses_stay_as_they_were_written():
    assert TypeAdapter(MailAddress).validate_python("Ann <a@b.org>") == "Ann <a@b.org>"
    assert TypeAdapter(WebAddress).validate_python("https://b.org:8/x?y=1")
