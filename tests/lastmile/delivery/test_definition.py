"""`[[deliver]]` tables: read from files with all faults at once, and split into runs."""

import pytest

from lastmile.definitions import parse_definition
from lastmile.delivery.definition import Deliver, burst, owners_tables, target
from lastmile.errors import BadDefinition, Faults
from lastmile.reporting.definition import ReportFile
from lastmile.scheduling.definition import ScheduleFile

REPORT = 'title = "Rain"\nnotebook = "notebooks/rain.ipynb"\n'
SCHEDULE = 'report = "rain"\ncron = "0 7 * * *"\ntimezone = "Europe/Berlin"\n'


def read(text: str) -> ReportFile:
    return parse_definition(REPORT + text, ReportFile, shown="reports/rain.toml")


def test_every_way_is_read():
    file = read("""
owners = ["ops@example.org", "secret:PAGER", "https://example.org/hook"]
[[deliver]]
mail = "Ann <ann@example.org>"
when = "rain_share > 0.6"
subject = "{title}: {region}"
for = { region = ["north", "south"] }
[[deliver]]
chat = ["json://localhost/x", "secret:SLACK"]
[[deliver]]
webhook = "https://example.org/hook"
sign = "secret:HOOK"
[[deliver]]
folder = "shared/rain"
[[deliver]]
store = "memory://bucket/rain"
options = { key = "secret:KEY" }
""")

    assert [table.kind for table in file.deliver] == ["mail", "chat", "webhook", "folder", "store"]
    assert file.deliver[0].addresses == ("Ann <ann@example.org>",)
    assert file.deliver[0].for_ == {"region": ("north", "south")}
    assert [table.kind for table in owners_tables(file.owners)] == ["mail", "chat", "webhook"]
    assert {table.when for table in owners_tables(file.owners)} == {"failed or degraded"}


def test_a_schedule_has_the_same_tables():
    text = SCHEDULE + 'owners = "ops@example.org"\n[[deliver]]\nmail = "ann@example.org"\n'
    file = parse_definition(text, ScheduleFile, shown="schedule/rain.toml")

    assert file.owners == ("ops@example.org",)
    assert file.deliver[0].when == "succeeded"


def test_all_faults_are_told_at_once_each_with_its_line():
    with pytest.raises(Faults) as caught:
        read("""
owners = ["nobody"]
[[deliver]]
mail = "ann@example.org"
[[deliver]]
mail = ["ann@example.org", "no good"]
when = "faild"
[[deliver]]
chat = "slak://x"
wen = "failed"
[[deliver]]
store = "s4://bucket/x"
[[deliver]]
mail = "a@b.org"
folder = "x"
[[deliver]]
folder = "../x"
subject = "{title"
[[deliver]]
webhook = "ftp://example.org"
sign = "hunter2"
""")
    told = {fault.where.rpartition(":")[2]: str(fault) for fault in caught.value.faults}

    assert list(told) == ["4", "8", "9", "11", "12", "14", "15", "19", "20", "22", "23"]
    assert "`nobody`" in told["4"] or "'nobody'" in told["4"]
    assert "did you mean `failed`?" in told["9"]
    assert "not an address of a chat" in told["11"]
    assert "did you mean `when`?" in told["12"]
    assert "did you mean `s3`?" in told["14"] or "`s4` is no protocol" in told["14"]
    assert "one of mail, chat, webhook, folder, store; this one has mail and folder" in told["15"]
    assert "secret:NAME" in told["23"]


def test_a_table_without_a_way_is_refused():
    with pytest.raises(BadDefinition, match="has none of them"):
        read('[[deliver]]\nwhen = "failed"\n')


def test_deliveries_do_not_make_another_report():
    plain, delivered = read(""), read('[[deliver]]\nmail = "ann@example.org"\n')

    assert plain.model_dump(mode="json") == delivered.model_dump(mode="json")


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("ann@example.org", "mail"),
        ("Ann <ann@example.org>", "mail"),
        ("https://example.org/x", "webhook"),
        ("s3://bucket/x", "store"),
        ("json://localhost/x", "chat"),
        ("secret:SLACK", "chat"),
        ("./out", "folder"),
        ("/srv/reports", "folder"),
    ],
)
def test_one_word_names_a_recipient(word, kind):
    assert target(word).kind == kind


@pytest.mark.parametrize("word", ["ann", "nosuch://x", "ann@", ""])
def test_a_word_that_names_nobody_is_refused(word):
    with pytest.raises(ValueError, match=r"write|not a"):
        target(word)


def tables(*chosen) -> list[Deliver]:
    return [Deliver(mail="a@b.org", **{"for": values}) for values in chosen]


@pytest.mark.parametrize(
    ("chosen", "given", "runs"),
    [
        ([], {"x": 1}, [{"x": 1}]),
        ([{}], {}, [{}]),
        ([{"r": "a"}, {"r": ["b", "a"]}, {}], {}, [{"r": "a"}, {"r": "b"}]),
        ([{"r": "a"}, {"r": "b"}], {"r": "b"}, [{"r": "b"}]),
        ([{"r": ["a", "b"], "n": 1}], {}, [{"r": "a", "n": 1}, {"r": "b", "n": 1}]),
        ([{"r": "a"}], {"r": "z"}, [{"r": "z"}]),
    ],
    ids=["no table", "for all", "each value once", "given wins", "product", "for nobody"],
)
def test_one_run_is_made_for_each_value(chosen, given, runs):
    assert list(burst(tables(*chosen), given)) == runs


def test_a_table_is_for_the_runs_with_its_values():
    (table,) = tables({"r": ["a", "b"], "n": 1})

    assert table.is_for({"r": "a"}, {"n": 1})
    assert table.is_for({}, {"r": "b", "n": 1})
    assert not table.is_for({"r": "c"}, {"n": 1})
    assert not table.is_for({"r": "a"}, {})
