"""Parameters of notebooks in other languages than Python."""

import shutil
import subprocess
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastmile.errors import NoTranslation
from lastmile.reporting.foreign import read_foreign, translate
from lastmile.reporting.parameters import UNKNOWN_DEFAULT
from lastmile.reporting.secrets import SecretRef

BASH = """
# how it is called
count=3  # how many
name='world'
share=0.5
loud=true
when=$(date)
export path="$HOME/x"
if [ "$x" == "y" ]; then echo no; fi
"""


def test_simple_assignments_are_the_parameters_of_a_bash_cell():
    found = {p.name: (p.type_shown, p.default, p.help) for p in read_foreign(BASH, "bash", "bash")}

    assert found == {
        "count": ("int", 3, "how many"),
        "name": ("str", "world", ""),
        "share": ("float", 0.5, ""),
        "loud": ("bool", True, ""),
        "when": ("any value", UNKNOWN_DEFAULT, ""),
        "path": ("any value", UNKNOWN_DEFAULT, ""),
    }


@pytest.mark.parametrize(
    ("language", "line", "name", "default"),
    [
        ("r", "alpha.level <- 0.05  # level", "alpha.level", 0.05),
        ("r", "loud <- TRUE", "loud", True),
        ("julia", 'region = "north"', "region", "north"),
        ("scala", 'val region = "north" // which', "region", "north"),
        (".net-powershell", "$count = 3", "count", 3),
        ("c++", "int count = 3;", "count", 3),
    ],
)
def test_assignments_of_other_languages_are_known(language, line, name, default):
    [parameter] = read_foreign(line, "x", language)

    assert (parameter.name, parameter.default) == (name, default)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@settings(deadline=None, max_examples=40)
@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
    | st.sampled_from(
        ["$(touch trace)", "`touch trace`", "'; touch trace; '", "a\nb", "\\", "$HOME"]
    )
)
def test_a_hostile_text_stays_a_text_in_bash(value):
    code = translate({"x": value}, "bash", "bash", notebook="a.md")
    done = subprocess.run(
        ["bash", "-c", code + 'printf "%s." "$x"'], capture_output=True, check=True
    )

    assert done.stdout.decode() == value + "."
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("language", "value"),
    [
        ("julia", "$(run(`id`))"),
        (".net-powershell", "$(id)"),
        (".net-powershell", "a`"),
        ("julia", ["ok", "$x"]),
        ("julia", {"$x": 1}),
    ],
)
def test_a_text_that_would_be_computed_is_refused(language, value):
    with pytest.raises(NoTranslation, match="would be computed"):
        translate({"x": value}, "x", language, notebook="a.ipynb")


def test_what_papermill_cannot_write_is_refused_with_the_reason():
    with pytest.raises(NoTranslation, match="no translator"):
        translate({"x": 1}, "brainfuck", "brainfuck", notebook="a.ipynb")
    with pytest.raises(NoTranslation, match="`x`: dict type"):
        translate({"x": {"a": 1}}, "bash", "bash", notebook="a.ipynb")
    with pytest.raises(NoTranslation, match="no secret"):
        translate({"x": SecretRef("secret:X")}, ".net-csharp", "csharp", notebook="a.ipynb")


def test_values_are_written_by_papermills_translator_and_secrets_as_look_ups():
    values = {"day": date(2015, 1, 2), "n": 3, "pw": SecretRef("secret:DB")}

    assert translate(values, "ir", "R", notebook="a.ipynb") == (
        '# Parameters\nday = "2015-01-02"\nn = 3\npw = Sys.getenv("LASTMILE_SECRET_DB")\n'
    )
    assert 'pw="${LASTMILE_SECRET_DB}"' in translate(values, "bash", "bash", notebook="a.md")
