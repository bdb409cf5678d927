"""How long publications are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from lastmile.reporting.definition import ReportFile
from lastmile.reporting.retention import Keep, outdated, parse_keep

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
DAYS = {f"d{days:04}": NOW - timedelta(days=days) for days in (0, 1, 29, 31, 32, 89, 91, 364, 366)}

KEPT = {
    "30 runs": ["d0000", "d0001", "d0029", "d0031", "d0032", "d0089", "d0091", "d0364", "d0366"],
    "2 runs": ["d0000", "d0001"],
    "1 day": ["d0000", "d0001"],
    "90 days": ["d0000", "d0001", "d0029", "d0031", "d0032", "d0089"],
    "12 weeks": ["d0000", "d0001", "d0029", "d0031", "d0032"],
    "1 month": ["d0000", "d0001", "d0029", "d0031"],
    "12 months": ["d0000", "d0001", "d0029", "d0031", "d0032", "d0089", "d0091", "d0364"],
    "1 year": ["d0000", "d0001", "d0029", "d0031", "d0032", "d0089", "d0091", "d0364"],
    "999999 years": list(DAYS),
}


@pytest.mark.parametrize(("text", "kept"), KEPT.items(), ids=KEPT)
def test_what_is_younger_is_kept(text, kept):
    gone = outdated(list(DAYS.items()), parse_keep(text), now=NOW)

    assert sorted(DAYS.keys() - gone) == kept


def test_a_month_back_from_the_31st_is_the_last_day_of_a_short_month():
    pairs = [("in", datetime(2026, 2, 28, 13, tzinfo=UTC)),
             ("out", datetime(2026, 2, 28, 11, tzinfo=UTC))]  # fmt: skip

    assert outdated(pairs, Keep(1, "month"), now=NOW) == {"out"}


@pytest.mark.parametrize("text", ["12", "months", "0 runs", "-1 days", "1.5 years", "3 fortnights"])
def test_a_definition_says_a_count_and_a_unit(text):
    with pytest.raises(ValueError, match='such as "12 months"'):
        ReportFile(title="x", notebook="x.ipynb", keep=text)


def test_how_long_something_is_kept_does_not_make_another_report_of_it():
    one, two = (ReportFile(title="x", notebook="x.ipynb", keep=k) for k in ("", "3 runs"))

    assert one.model_dump() == two.model_dump()
