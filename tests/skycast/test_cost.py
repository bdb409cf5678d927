import time

import pytest

from skycast.cost import one_answer


def test_the_slower_way_takes_longer_and_the_ways_take_turns():
    asked = []

    def quick():
        asked.append("quick")

    def slow():
        asked.append("slow")
        time.sleep(0.002)

    taken = one_answer({"quick": quick, "slow": slow}, repeats=5)
    assert taken["median"].loc["slow"] > taken["median"].loc["quick"]
    assert (taken["p95"] >= taken["median"]).all()
    assert asked == ["quick", "slow"] * 6


@pytest.mark.parametrize("repeats", [1, 3])
def test_each_way_is_asked_once_more_to_warm_up(repeats):
    asked = []
    one_answer({"only": lambda: asked.append(1)}, repeats=repeats)
    assert len(asked) == repeats + 1
