"""A slice of `make faults`: harmed files crash neither the checker nor the evaluator."""

from tests.faults.corrupted import storm

SEED = 2026


def test_no_harmed_file_crashes_the_checker_or_the_evaluator():
    outcomes = storm(160, SEED)
    assert sum(outcomes.values()) == 160
    assert set(outcomes) <= {"answered", "answered with faults", "refused: package-broken"}
    assert outcomes["answered"] > 10
    assert outcomes["refused: package-broken"] > 60
