"""Values that every part agrees on."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lastmile.values import State, plain, run_key, show_duration, show_size, slug


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (250_000, "250 kB"), (2.5e9, "2.5 GB")],
)
def test_sizes_are_shown_as_people_read_them(size, words):
    assert words == show_size(size)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (59, "59.0 s"), (125, "2 min 05 s")]
)
def test_durations_are_shown_as_people_read_them(seconds, words):
    assert words == show_duration(seconds)


def test_keys_of_runs_sort_by_time_and_differ_within_a_second():
    early, late = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)

    assert run_key(early) < run_key(late)
    assert run_key(early) != run_key(early)


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "a/b\\c", "\0", "..", "żółć"])
def test_a_slug_is_never_a_path(hostile):
    made = slug(hostile)

    assert made
    assert not set(made) & set("/\\\0")
    assert made not in (".", "..")


def test_plain_values_are_what_json_knows():
    given = {"d": date(2015, 1, 2), "p": Path("a/b"), "l": (1, [date(2015, 1, 2)])}

    assert plain(given) == {"d": "2015-01-02", "p": "a/b", "l": [1, ["2015-01-02"]]}


def test_only_success_is_good():
    assert [state for state in State if state.good] == [State.SUCCEEDED]
