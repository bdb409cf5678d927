"""Where the value of a secret comes from, and which are refused."""

import pytest

from lastmile.errors import SecretRefused
from lastmile.reporting.secrets import (
    SecretRef,
    is_reference,
    kernel_environment,
    read_secrets,
    references,
    well_named,
)

DB = SecretRef("secret:DB")


@pytest.fixture(name="folder")
def _folder(tmp_path):
    (tmp_path / "DB").write_text("from a file\n")
    (tmp_path / "DB").chmod(0o600)
    return tmp_path


def test_the_environment_comes_before_the_file(folder):
    assert read_secrets([DB], folder, {"DB": "from outside"}) == {"DB": "from outside"}
    assert read_secrets([DB], folder, {}) == {"DB": "from a file"}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_no_secret(folder, mode):
    (folder / "DB").chmod(mode)

    with pytest.raises(SecretRefused, match=f"others can read its file .mode {mode:04o}"):
        read_secrets([DB], folder, {})


def test_an_unknown_secret_says_where_it_was_looked_for(folder):
    with pytest.raises(SecretRefused, match="the variable OTHER is not set and there is no file"):
        read_secrets([SecretRef("secret:OTHER")], folder, {})
    with pytest.raises(SecretRefused, match="the variable DB is not set"):
        read_secrets([DB], None, {})


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("abc", "fewer than 4 characters"),
        ("  a  ", "fewer than 4 characters"),
        ("", "fewer than 4 characters"),
        ("long enough\0", "bytes that are no text"),
        ("long enough\udcff", "bytes that are no text"),
    ],
)
def test_what_could_not_be_redacted_is_refused_with_the_reason(value, reason):
    with pytest.raises(SecretRefused, match=reason):
        read_secrets([DB], None, {"DB": value})


def test_bytes_and_large_files_are_no_secrets(folder):
    (folder / "DB").write_bytes(b"\xff\xfe\xfa\xfb")
    with pytest.raises(SecretRefused, match="cannot be read"):
        read_secrets([DB], folder, {})
    (folder / "DB").write_text("x" * 100_000)
    with pytest.raises(SecretRefused, match="larger than"):
        read_secrets([DB], folder, {})


@pytest.mark.parametrize("name", ["../DB", "a b", "", "1A", "A/B", "A\n", "PÄTH"])
def test_a_name_is_a_variables_name_and_never_a_path(name):
    assert is_reference(f"secret:{name}")
    assert not well_named(f"secret:{name}")


def test_a_secret_takes_no_other_variables_place():
    assert kernel_environment({"PATH": "/evil"}) == {"LASTMILE_SECRET_PATH": "/evil"}


def test_references_are_found_once():
    assert references(["x", DB, 3, SecretRef("secret:DB")]) == (DB,)
    assert (DB.name, DB.variable) == ("DB", "LASTMILE_SECRET_DB")
