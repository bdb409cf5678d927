"""Parameters of notebooks in other languages than Python."""

import shutil
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastmile.errors import NoTranslation
from lastmile.reporting.foreign import read_foreign, translate
from lastmile.reporting.parameters import UNKNOWN_DEFAULT, resolve
from lastmile.reporting.secrets import SecretRef
from lastmile.reporting.written import Written

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


R = """
ids <- c(1L, 2L)  # which
rates <- c(0.5, 1)
names <- c("a", 'b')
n <- 3
k <- 3L
day <- as.Date("2024-01-01")
x <- NULL
made <- Sys.time()
named <- c(a = 1)
"""
JULIA = """
ids = [1, 2]
pair = (1, "a")
tags = Set([1])
day = Date("2024-01-01")
x = nothing
half = 0.5
made = now()
"""
SHELL = """
ids=(1 2)
names=(a "b c")
region=north
empty=
when=$(date)
"""


def written(cell, kernel, language, **given):
    parameters = read_foreign(cell, kernel, language)
    raw = {name: Written(text) for name, text in given.items()}
    values, faults = resolve(
        parameters, raw, notebook="a.ipynb", logical_date=datetime(2024, 5, 15, tzinfo=UTC)
    )
    if faults:
        return [fault.what for fault in faults]
    code = translate(
        {name: values[name].value for name in given}, kernel, language, notebook="a.ipynb"
    )
    return code.splitlines()[1:]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("ids", "3,4", "ids = c(as.integer(3), as.integer(4))"),
        ("rates", "1,2.5", "rates = c(1, 2.5)"),
        ("names", 'c,"d, e"', 'names = c("c", "d, e")'),
        ("n", "4", "n = 4"),
        ("n", "4.5", "n = 4.5"),
        ("k", "4", "k = as.integer(4)"),
        ("day", "yesterday", 'day = as.Date("2024-05-14")'),
        ("x", "[1, null]", "x = list(1, NULL)"),
        ("x", "NaN", "x = NaN"),
        ("made", '"now"', 'made = "now"'),
        ("names", "M\u00fcller", 'names = c("M\\u00fcller")'),
    ],
)
def test_a_value_of_r_is_written_as_its_default_is(name, text, line):
    assert written(R, "ir", "R", **{name: text}) == [line]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("ids", "3,4", "ids = [3, 4]"),
        ("pair", "2,b", 'pair = (2, "b", )'),
        ("tags", "3,4", "tags = Set([3, 4])"),
        ("day", "2024-02-01", 'day = Date("2024-02-01")'),
        ("half", "2", "half = 2.0"),
        ("x", '{"a": [1]}', 'x = Dict("a" => [1])'),
        ("x", "(1,)", "x = (1, )"),
        ("x", "{1}", "x = Set([1])"),
        ("x", "Infinity", "x = Inf"),
        ("x", '"\U0001f389"', 'x = "\\U0001f389"'),
    ],
)
def test_a_value_of_julia_is_written_as_its_default_is(name, text, line):
    assert written(JULIA, "julia-1.9", "julia", **{name: text}) == [line]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("ids", "3,4", "ids=(3 4)"),
        ("names", "c d,e", "names=('c d' e)"),
        ("region", "None", "region=None"),
        ("empty", "x", "empty=x"),
        ("when", "007", "when=007"),
    ],
)
def test_a_value_of_a_shell_is_written_as_its_default_is(name, text, line):
    assert written(SHELL, "bash", "bash", **{name: text}) == [line]


@pytest.mark.parametrize(
    ("cell", "kernel", "language", "name", "text", "words"),
    [
        (R, "ir", "R", "ids", "3,x", "[1]: input should be a valid integer"),
        (R, "ir", "R", "ids", "1.5", "valid integer"),
        (R, "ir", "R", "made", "now", "its type is not known"),
        (R, "ir", "R", "named", "1,2", "its type is not known"),
        (JULIA, "julia-1.9", "julia", "ids", "a", "valid integer"),
        (JULIA, "julia-1.9", "julia", "made", "now", "its type is not known"),
        (SHELL, "bash", "bash", "ids", "3,x", "[1]: input should be a valid integer"),
        ("val xs = Seq(1, 2)", "x", "scala", "xs", "3,4", "its type is not known"),
    ],
)
def test_what_is_not_of_the_type_is_refused_in_every_language(
    cell, kernel, language, name, text, words
):
    assert words in written(cell, kernel, language, **{name: text})[0]


@pytest.mark.parametrize(
    ("language", "value", "words"),
    [
        ("bash", [[1], [2]], "an array of a shell holds numbers and texts only"),
        ("bash", ["a", None], "an array of a shell holds numbers and texts only"),
        ("R", 2**60, "would be rounded"),
        ("R", Decimal("1.0"), "a Decimal has no form there"),
        ("R", "a\0b", "NUL"),
        ("matlab", "a\nb", "one line"),
        (".net-powershell", "\N{RIGHT DOUBLE QUOTATION MARK}; id #", "would be computed"),
    ],
)
def test_what_would_become_something_else_is_refused(language, value, words):
    with pytest.raises(NoTranslation, match=words):
        translate({"x": value}, "x", language, notebook="a.ipynb")


@pytest.mark.parametrize(
    "language", ["R", "scala", "julia", "matlab", ".net-csharp", ".net-fsharp"]
)
def test_numbers_that_are_not_finite_are_no_texts(language):
    code = translate({"x": float("nan")}, "x", language, notebook="a.ipynb")

    assert "nan" in code.lower()
    assert '"' not in code


@pytest.mark.parametrize("language", ["R", "scala", "julia", ".net-csharp"])
def test_tuples_and_sets_are_no_texts_of_themselves(language):
    code = translate({"x": (1, 2), "y": {3, 4}}, "x", language, notebook="a.ipynb")

    assert '"' not in code


@pytest.mark.parametrize(
    ("language", "line"),
    [(".net-powershell", '$x = "C:\\data `"x`""'), ("matlab", 'x = "C:\\data ""x"""')],
)
def test_a_backslash_is_itself_where_texts_know_no_escapes(language, line):
    code = translate({"x": 'C:\\data "x"'}, "x", language, notebook="a.ipynb")

    assert code.splitlines()[1] == line


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
