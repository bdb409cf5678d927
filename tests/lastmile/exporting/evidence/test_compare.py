import numpy as np
import pytest

from lastmile.exporting.evidence.compare import Tolerances, distance, summary, usual_size

NAN, INF = float("nan"), float("inf")
STRICT = Tolerances(labels=0, probability=1e-5, value=1e-5, scale=(10.0,))


def values(*numbers: float) -> dict[str, np.ndarray]:
    return {"value": np.array(numbers)[:, None]}


@pytest.mark.parametrize(
    ("expected", "got", "beyond"),
    [
        pytest.param(1.0, 1.0, False, id="equal"),
        pytest.param(NAN, NAN, False, id="both are no number"),
        pytest.param(NAN, 1.0, True, id="only one is a number"),
        pytest.param(1.0, NAN, True, id="only the other is a number"),
        pytest.param(INF, INF, False, id="the same infinity"),
        pytest.param(INF, -INF, True, id="opposite infinities"),
        pytest.param(INF, 1e30, True, id="an infinity and a large number"),
        pytest.param(1000.0, 1000.009, False, id="within a hundred-thousandth of itself"),
        pytest.param(1000.0, 1000.02, True, id="not within a hundred-thousandth of itself"),
        pytest.param(0.001, 0.00105, False, id="small beside the usual size of answers"),
        pytest.param(0.001, 0.0012, True, id="not small beside the usual size of answers"),
        pytest.param(0.0, -0.0, False, id="the sign of zero says nothing"),
    ],
)
def test_values_are_within_the_tolerance(expected, got, beyond):
    assert distance(values(expected), values(got), STRICT).beyond.tolist() == [beyond]


@pytest.mark.parametrize(
    ("share", "beyond"), [(0.5, False), (0.500009, False), (0.50002, True), (NAN, True)]
)
def test_probabilities_are_compared_absolutely(share, beyond):
    expected, got = np.array([[0.5, 0.5]]), np.array([[share, 0.5]])
    apart = distance({"probabilities": expected}, {"probabilities": got}, STRICT)
    assert apart.beyond.tolist() == [beyond]


@pytest.mark.parametrize(
    ("expected", "got", "differs"),
    [
        pytest.param(["a", "b"], ["a", "c"], [False, True], id="texts"),
        pytest.param([1, 2], [1, 3], [False, True], id="whole numbers"),
        pytest.param([1, 0], ["1", "x"], [False, True], id="a number and a text"),
    ],
)
def test_labels_are_compared_row_by_row(expected, got, differs):
    answers = {"label": np.array(expected)}, {"label": np.array(got)}
    assert distance(*answers, STRICT).relabelled.tolist() == differs


@pytest.mark.parametrize(
    ("shares", "mismatch", "tie"),
    [
        pytest.param([0.7, 0.3], 1, 0, id="a clear winner"),
        pytest.param([0.5, 0.5], 1, 0, id="equal shares have a winner: the first"),
        pytest.param([0.5, 0.5 + 1e-14], 0, 1, id="apart by rounding only"),
    ],
)
def test_another_label_is_a_tie_only_where_rounding_decides(shares, mismatch, tie):
    table = np.array([shares])
    expected = {"label": np.array(["a"]), "probabilities": table}
    figures = summary(distance(expected, expected | {"label": np.array(["b"])}, STRICT))
    assert (figures["label_mismatches"], figures["ties"]) == (mismatch, tie)


def test_another_number_of_answers_is_endlessly_far():
    wide = {"value": np.zeros((2, 3))}
    assert np.isinf(distance(values(1.0, 2.0), wide, STRICT).absolute).all()


def test_the_worst_rows_come_first_and_equal_rows_never():
    expected, got = values(1.0, 2.0, 3.0, 4.0), values(1.0, 2.5, 3.1, 4.0)
    assert distance(expected, got, STRICT).worst(5) == [1, 2]


def test_a_tolerance_of_zero_allows_only_equal_numbers():
    exact = Tolerances(value=0.0)
    apart = distance(values(1.0, 1.0), values(1.0, 1.0 + 1e-15), exact)
    assert apart.beyond.tolist() == [False, True]


def test_usual_size_is_the_mean_square_of_what_is_finite_with_the_largest_cut_to_the_next():
    assert usual_size(values(-1e9, 1.0, NAN, INF, 2.0)) == (pytest.approx(3**0.5),)
    assert usual_size({"label": np.array([1])}) == ()


@pytest.mark.parametrize(("left_over", "beyond"), [(1e-13, False), (5e-12, True)])
def test_what_a_sum_leaves_over_where_another_engine_has_zero_is_no_difference(left_over, beyond):
    expected, got = ({"value": np.array([[100.0, small]])} for small in (left_over, 0.0))
    assert distance(expected, got, Tolerances(scale=(100.0, 1e-14))).beyond.tolist() == [beyond]
