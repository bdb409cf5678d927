"""Places among learned borders: bins, quantiles, splines."""

from typing import Any

import numpy as np
import onnx

from lastmile.exporting.onnx.answer import Answer
from lastmile.exporting.onnx.converters.columnwise import columnwise
from lastmile.exporting.onnx.converters.linear import made
from lastmile.exporting.onnx.nodes import Part, Parts, width_of
from lastmile.exporting.onnx.precise import less, portions, round_up
from lastmile.exporting.onnx.trees import exceeds
from lastmile.exporting.onnx.writer import Writer, converts
from lastmile.exporting.signature import Kind


def passed(writer: Writer, x: str, borders: np.ndarray) -> str:
    """How many f64 borders [n] are not above x [N, 1], exactly: [N, 1] f32."""
    at_or_above = writer("Not", writer("Less", x, round_up(borders)[None, :]))
    counted = writer("Cast", at_or_above, to=onnx.TensorProto.FLOAT)
    return writer("ReduceSum", counted, np.array([1]), keepdims=1)


def whole(writer: Writer, x: str) -> str:
    """As i64."""
    return writer("Cast", x, to=onnx.TensorProto.INT64)


def column(writer: Writer, parts: Parts, at: int) -> str:
    """One column [N, 1] f32."""
    return writer.floats(writer.pick(parts, [at])[0])


@converts("KBinsDiscretizer")
def bins(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The number of the bin, or a column for each."""
    found = []
    for at, edges in enumerate(estimator.bin_edges_):
        inner = np.asarray(edges[1:-1], dtype=np.float64)
        count = int(estimator.n_bins_[at])
        if not len(inner):
            x = column(writer, parts, at)
            code = writer("Where", writer("IsNaN", x), np.float32(0), np.float32(0))
        else:
            (part,) = writer.pick(parts, [at])
            # scikit-learn counts edges that are not above: all but the numbers below the edge.
            above = exceeds(writer, part, 0, np.nextafter(inner, -np.inf))
            code = writer("ReduceSum", above, np.array([1]), keepdims=1)
        if estimator.encode == "ordinal":
            found.append(Part(code, Kind.FLOAT))
            continue
        same = writer("Equal", code, np.arange(count, dtype=np.float32)[None, :])
        found.append(Part(writer("Cast", same, to=onnx.TensorProto.FLOAT), Kind.FLOAT, count))
    return Answer(features=tuple(found))


# --- quantiles -----------------------------------------------------------------------------------

_BOUND = 1e-7
"""`BOUNDS_THRESHOLD` of scikit-learn: a normal output does not come nearer to its ends."""


@converts("QuantileTransformer")
def quantiles(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The share of the training rows below, by straight lines between quantiles.

    Source: `QuantileTransformer._transform_col`. A value that several quantiles share is given the
    middle of their shares.
    """
    columns = [
        _share(writer, estimator, column(writer, parts, at), estimator.quantiles_[:, at])
        for at in range(width_of(parts))
    ]
    name = columns[0] if len(columns) == 1 else writer("Concat", *columns, axis=1)
    return Answer(features=columnwise(name, estimator, parts))


def _share(writer: Writer, estimator: Any, x: str, learned: np.ndarray) -> str:
    knots, first = np.unique(learned, return_index=True)
    last = len(learned) - 1 - np.unique(learned[::-1], return_index=True)[1]
    references = np.asarray(estimator.references_, dtype=np.float64)
    low, high = references[first], references[last]
    if estimator.output_distribution == "uniform":
        return _guarded(writer, x, _line(writer, x, knots, low, high, ends=(0.0, 1.0)))
    x = _snapped(writer, x, float(knots[0]), float(knots[-1]))
    below = _line(writer, x, knots, low, high, ends=(0.0, 1.0))
    above = _line(writer, x, knots, 1 - low, 1 - high, ends=(1.0, 0.0))
    return _guarded(writer, x, _normal(writer, below, above))


def _snapped(writer: Writer, x: str, first: float, last: float) -> str:
    """The ends in place of numbers within 1e-7 of them, as scikit-learn has it."""
    low, high = np.float32(first), np.float32(last)
    if np.nextafter(low, np.float32(np.inf)) < first + _BOUND:
        near = writer("Less", x, round_up(np.array(first + _BOUND)))
        x = writer("Where", near, low, x)
    if np.nextafter(high, np.float32(-np.inf)) > last - _BOUND:
        near = writer("Greater", x, -round_up(np.array(_BOUND - last)))
        x = writer("Where", near, high, x)
    return x


def _guarded(writer: Writer, x: str, y: str) -> str:
    """NaN where x is."""
    return writer("Where", writer("IsNaN", x), x, y)


def _line(
    writer: Writer,
    x: str,
    knots: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    ends: tuple[float, float],
) -> str:
    """Lines from (knot, high) to (next knot, its low); at a knot itself the middle of both."""
    # Quantiles that are one knot are a number that many rows have: it is met where the column holds
    # the 32-bit number nearest to it, which is what a phone makes of it.
    shared = low != high
    exact = shared | (knots.astype(np.float32) == knots)
    middle = np.where(exact, (low + high) / 2, high)
    middle[[0, -1]] = ends
    borders = np.where(shared, knots.astype(np.float32), knots)
    count = whole(writer, passed(writer, x, borders))  # 0 below the first knot
    places = np.concatenate([knots[:1], knots])
    from_knot = writer("Sub", x, writer("Gather", places.astype(np.float32), count, axis=0))
    steps = np.concatenate([[0], (low[1:] - high[:-1]) / np.diff(knots), [0]])
    starts = np.concatenate([ends[:1], high[:-1], ends[1:]])
    if len(knots) > 1 and ends[1] == 0:  # falls to 0: what is small is measured from there
        places[-2], starts[-2] = knots[-1], low[-1]
    near, rest = portions(places)
    beside = writer("Sub", x, writer("Gather", near, count, axis=0))
    along = writer("Sub", beside, writer("Gather", rest, count, axis=0))
    slope = writer("Gather", steps, count, axis=0)
    flat = writer("Equal", slope, np.float32(0))
    rise = writer("Where", flat, np.float32(0), writer("Mul", along, slope))
    y = writer("Add", writer("Gather", starts, count, axis=0), rise)
    at_knot = writer("And", writer("Equal", from_knot, np.float32(0)),
                     writer("Gather", np.concatenate([[False], exact]), count, axis=0))  # fmt: skip
    return writer(
        "Where", at_knot, writer("Gather", np.concatenate([middle[:1], middle]), count, axis=0), y
    )


def _normal(writer: Writer, below: str, above: str) -> str:
    """The normal quantile of a share whose two tails are known, so that neither loses digits.

    Source: algorithm AS 241 of Wichura (1988), PPND16.
    """
    from scipy import stats

    bound = float(stats.norm.ppf(1 - (_BOUND - np.spacing(1))))
    centred = writer("Mul", writer("Sub", below, above), np.float32(0.5))
    inner = writer("Sub", np.float32(0.180625), writer("Mul", centred, centred))
    middle = writer("Mul", centred, _ratio(writer, inner, _A, _B))
    smaller = writer("Max", writer("Min", below, above), np.float32(_BOUND / 2))
    root = writer("Sqrt", writer("Neg", writer("Log", smaller)))
    tail = _ratio(writer, writer("Sub", root, np.float32(1.6)), _C, _D)
    signed = writer("Where", writer("Less", centred, np.float32(0)), writer("Neg", tail), tail)
    is_tail = writer("Greater", writer("Abs", centred), np.float32(0.425))
    z = writer("Where", is_tail, signed, middle)
    return writer("Clip", z, np.float32(-bound), np.float32(bound))


def _ratio(writer: Writer, x: str, above: tuple[float, ...], below: tuple[float, ...]) -> str:
    return writer("Div", _horner(writer, x, above), _horner(writer, x, below))


def _horner(writer: Writer, x: str, coefficients: tuple[float, ...]) -> str:
    """The polynomial with these coefficients, the constant first."""
    value: str | np.float32 = np.float32(coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = writer("Add", writer("Mul", x, value), np.float32(coefficient))
    return str(value)


_A = (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
      1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
      3.3430575583588128105e4, 2.5090809287301226727e3)  # fmt: skip
_B = (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
      2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
      5.2264952788528545610e3)  # fmt: skip
_C = (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
      3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
      2.27238449892691845833e-2, 7.74545014278341407640e-4)  # fmt: skip
_D = (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
      1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
      1.05075007164441684324e-9)  # fmt: skip


# --- splines -------------------------------------------------------------------------------------


@converts("SplineTransformer")
def splines(writer: Writer, estimator: Any, parts: Parts) -> Answer:
    """The basis of splines at each column, as polynomials between the knots.

    Source: `SplineTransformer.transform`; the polynomials by `scipy.interpolate.PPoly`.
    """
    found = [
        _spline(writer, estimator, column(writer, parts, at), spline)
        for at, spline in enumerate(estimator.bsplines_)
    ]
    width = estimator.bsplines_[0].c.shape[1]
    if not estimator.include_bias:
        kept = np.arange(width - 1)
        found, width = [writer("Gather", one, kept, axis=1) for one in found], width - 1
    name = found[0] if len(found) == 1 else writer("Concat", *found, axis=1)
    return Answer(features=made(name, width * len(found)))


def _spline(writer: Writer, estimator: Any, x: str, spline: Any) -> str:
    """[N, splines] of x [N, 1]."""
    degree, ends = estimator.degree, (spline.t[spline.k], spline.t[-spline.k - 1])
    starts, coefficients = _polynomials(spline)
    inside = (starts >= ends[0]) & (starts < ends[1])
    starts, coefficients = starts[inside], coefficients[:, inside]
    missing = writer("IsNaN", x)
    given = writer("Where", missing, np.float32(ends[0]), x)
    at = _moved(writer, estimator, given, ends)
    y = _piecewise(writer, at, starts, coefficients, degree)
    if estimator.extrapolation == "linear":
        for end, side in ((ends[0], "Less"), (ends[1], "Greater")):
            slope = np.asarray(spline(end, nu=1))[None, :]
            beyond = writer("Sub", given, np.float32(end))
            line = writer("Add", writer("Mul", beyond, slope), np.asarray(spline(end))[None, :])
            y = writer("Where", writer(side, given, np.float32(end)), line, y)
    if getattr(estimator, "handle_missing", "error") == "zeros":
        return writer("Where", missing, np.float32(0), y)
    return writer("Where", missing, np.float32(np.nan), y)


def _polynomials(spline: Any) -> tuple[np.ndarray, np.ndarray]:
    """Where each piece starts [pieces], and its coefficients [degree + 1, pieces, splines]."""
    from scipy.interpolate import BSpline, PPoly

    single = [
        PPoly.from_spline(BSpline(spline.t, column, spline.k)) for column in np.asarray(spline.c).T
    ]
    real = np.diff(single[0].x) > 0
    return single[0].x[:-1][real], np.stack([one.c[:, real] for one in single], axis=2)


def _moved(writer: Writer, estimator: Any, x: str, ends: tuple[float, float]) -> str:
    """X inside the knots: by whole periods, or held at the ends; `continue` leaves it."""
    if estimator.extrapolation == "continue":
        return x
    if estimator.extrapolation != "periodic":
        return writer("Clip", x, np.float32(ends[0]), np.float32(ends[1]))
    from_start = less(writer, x, np.array(ends[0]), ends[1] - ends[0])
    period, rest = portions(np.array(ends[1] - ends[0]))
    turns = writer("Floor", writer("Div", from_start, period))
    inside = writer("Sub", from_start, writer("Mul", turns, period))
    inside = writer("Sub", inside, writer("Mul", turns, rest))
    return writer("Add", inside, np.float32(ends[0]))


def _piecewise(
    writer: Writer, x: str, starts: np.ndarray, coefficients: np.ndarray, degree: int
) -> str:
    if len(starts) > 1:
        at = writer("Squeeze", whole(writer, passed(writer, x, starts[1:])), np.array([1]))
    else:
        nothing = writer("Mul", x, np.float32(0))
        at = writer("Squeeze", whole(writer, nothing), np.array([1]))
    near, rest = portions(starts)
    along = writer("Sub", x, writer("Gather", near[:, None], at, axis=0))
    along = writer("Sub", along, writer("Gather", rest[:, None], at, axis=0))
    y = writer("Gather", coefficients[0], at, axis=0)
    for power in range(1, degree + 1):
        y = writer(
            "Add", writer("Mul", y, along), writer("Gather", coefficients[power], at, axis=0)
        )
    return y
