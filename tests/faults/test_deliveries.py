"""A slice of the storm over deliveries; `make faults` runs the whole."""

from tests.faults.deliveries import check, storm


def test_no_recipient_goes_without_his_report_and_none_has_it_twice(tmp_path):
    tally = storm(tmp_path, kills=4, seed=5, pace=1.0)

    assert tally.recipients >= 16
    check(tally)
