"""The type of a parameter is that of its default, also where only the kernel knows its value."""

import pytest

from lastmile.reporting.constants import NotConstant, constant, parse_expression
from lastmile.reporting.parameters import UNKNOWN_DEFAULT, read_parameters


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("x = [1, 2]", "list[int]"),
        ("x = [0.5]", "list[float]"),
        ("x = [1, 2.5]", "list[int | float]"),
        ("x = [1, 'a', None]", "list[int | str | None]"),
        ("x = [dt.date(2024, 1, 1)]", "list[date]"),
        ("x = [[1], [2]]", "list[list[int]]"),
        ("x = []", "list"),
        ("x = (1, 2)", "tuple[int, ...]"),
        ("x = (1, 'a')", "tuple[int, str]"),
        ("x = {'a', 'b'}", "set[str]"),
        ("x = set()", "set"),
        ("x = frozenset({1})", "frozenset[int]"),
        ("x = {'EUR': 1.0}", "dict[str, float]"),
        ("x = {'a': 1, 'b': 'c'}", "dict"),
        ("x = dict(a=1)", "dict[str, int]"),
        ("x = -1", "int"),
        ("x = 1_000", "int"),
        ("x = 1e3", "float"),
        ("x = Decimal('1.0')", "Decimal"),
        ("x = timedelta(days=2)", "timedelta"),
        ("x = datetime(2024, 1, 1, tzinfo=timezone.utc)", "datetime"),
        ("x = None", "any value"),
        ("x = b'bytes'", "any value"),
        ("x: list = [1]", "list[int]"),
        ("x: int = None", "int | None"),
        ("x: Sequence[int] = (1, 2)", "tuple[int, ...] | list[int]"),
        ("x: 'tuple[int, str]' = (1, 'a')", "tuple[int, str]"),
        ("x: set[str] = {'a'}", "set[str]"),
        ("x: typing.Mapping[str, int] = {}", "dict[str, int]"),
        ("x: Annotated[int, 'days'] = 1", "int"),
        ("x: pd.Timestamp = None", "pd.Timestamp | None"),
        ("x: Unheard = 3", "int"),
    ],
)
def test_a_literal_has_the_type_of_what_is_in_it(cell, shown):
    [parameter] = read_parameters(cell)

    assert parameter.type_shown == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("2 * 30", "int"),
        ("7 / 2", "float"),
        ("'a' + 'b'", "str"),
        ("'a' + suffix", "str"),
        ("'%s' % n", "str"),
        ("'a' * 10 ** 10", "str"),
        ("10 ** 10 ** 10", "int"),
        ("[1] * 3", "list[int]"),
        ("f'run-{n}'", "str"),
        ("Path('a') / 'b'", "Path"),
        ("Path(__file__).parent", "Path"),
        ("date.today()", "date"),
        ("dt.date.today() - timedelta(days=7)", "date"),
        ("datetime.now()", "datetime"),
        ("datetime.now().date()", "date"),
        ("os.environ.get('USER', 'nobody')", "str"),
        ("os.environ.get('USER')", "str | None"),
        ("os.environ['USER']", "str"),
        ("pd.Timestamp('2024-01-01')", "pd.Timestamp"),
        ("pd.Timestamp.now()", "pd.Timestamp"),
        ("np.array([1, 2])", "np.array"),
        ("Level('low')", "Level"),
        ("[date.today()]", "list[date]"),
        ("len(names) > 3", "bool"),
        ("time.time()", "any value"),
        ("Level.LOW", "any value"),
        ("other", "any value"),
        ("load('x.csv')", "any value"),
        ("pd.read_csv('x.csv')", "any value"),
    ],
)
def test_an_expression_is_left_to_the_kernel_and_its_type_is_told_where_it_is_sure(source, shown):
    [parameter] = read_parameters(f"x = {source}")

    assert (parameter.type_shown, parameter.default) == (shown, UNKNOWN_DEFAULT)
    assert "computed" not in parameter.default_shown


def test_what_the_cell_changes_afterwards_has_no_known_value():
    changed, kept = read_parameters("days = 1\nkept = 2\ndays += 1\nfor day in []:\n    pass\n")

    assert (changed.type_shown, changed.default) == ("int", UNKNOWN_DEFAULT)
    assert changed.default_shown == "1; days += 1"
    assert kept.default == 2


@pytest.mark.parametrize(
    "source",
    [
        "10 ** 10 ** 10",
        "9 ** 99 ** 99",
        "1 << 10 ** 9",
        "'a' * 10 ** 10",
        "[0] * 10 ** 10",
        "'%1000000000d' % 1",
        "f'{1:1000000000}'",
        "1 / 0",
        "(-8) ** 0.5",
        "open('x')",
        "__import__('os')",
        "(lambda: 1)()",
        "time.time()",
        "-" * 2000 + "1",
    ],
)
def test_what_is_large_fails_or_runs_code_is_no_constant(source):
    with pytest.raises(NotConstant):
        constant(parse_expression(source))


def test_a_pattern_in_a_cell_warns_nobody():
    [parameter] = read_parameters(r"x = '\d+'")

    assert parameter.default == r"\d+"
