"""The one style of all charts, and how a chart is shown with its alternative text and caption.

The colours follow those of Okabe and Ito, which people with any common colour vision tell apart;
what matters differs in lightness too, so that a black and white print still reads.
"""

import io
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE = "#0072B2"
SKY = "#8CC5E3"
VERMILION = "#C2410C"
INK = "#1F2933"
GREY = "#66707A"
PALE = "#C9D0D6"
FAINT = "#EEF1F3"
DASHED = (0, (4, 2))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

STYLE: Any = {
    "figure.facecolor": "white",
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": GREY,
    "axes.labelsize": 8.5,
    "axes.edgecolor": PALE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#E6EAED",
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "xtick.color": PALE,
    "ytick.color": PALE,
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "svg.hashsalt": "skycast",  # the same chart has the same bytes in every run
}


def use_style() -> None:
    """Set the style for every chart of a notebook, and let figures be drawn as SVG."""
    import matplotlib as mpl
    from matplotlib_inline import backend_inline

    mpl.rcParams.update(STYLE)
    backend_inline.set_matplotlib_formats("svg")  # type: ignore[no-untyped-call]


def new(*, height: float = 2.8) -> "tuple[Figure, Axes]":
    """An empty chart in the style, 7 inches wide."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context(STYLE):
        figure = plt.figure(figsize=(7.0, height))
        return figure, figure.add_subplot()


def title(axes: "Axes", finding: str, reading: str) -> None:
    """Say above a chart what it shows, and below that, smaller, how it is read."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    look = {"x": 0.008, "ha": "left", "fontsize": 10.5, "weight": "bold", "color": INK}
    head = figure.suptitle(f"{finding}\n", **look)
    below = axes.annotate(
        reading, (0, 0), (0, 3), xycoords=head, textcoords="offset points", annotation_clip=False
    )
    below.set(color=GREY, fontsize=8.5, in_layout=False)  # its place is the empty second line


def note(axes: "Axes", text: str, at: tuple[float, float], ink: str, **look: Any) -> None:
    """Write beside a point of the chart; `shift` moves the text, in points."""
    shift = look.pop("shift", (5, 0))
    place = {"xytext": shift, "textcoords": "offset points", "annotation_clip": False}
    axes.annotate(text, at, color=ink, **(place | {"va": "center"} | look))


def name_lines(axes: "Axes", right: float, ends: Mapping[str, tuple[float, str]]) -> None:
    """Write the name of each line at its right end: name -> (height, colour)."""
    bottom, top = axes.get_ylim()
    places = spread([height for height, _ in ends.values()], (top - bottom) * 0.075)
    for place, (name, (_, ink)) in zip(places, ends.items(), strict=True):
        note(axes, name, (right, place), ink)


def spread(places: list[float], gap: float) -> list[float]:
    """The same places, moved apart until neighbours are `gap` apart; their order is kept."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    for _ in range(100):
        for below, above in pairwise(order):
            overlap = max(gap - (moved[above] - moved[below]), 0.0)
            moved[below] -= overlap / 2
            moved[above] += overlap / 2
    return moved


def svg(figure: "Figure") -> str:
    """A chart as SVG: the element alone, without prologue or date."""
    import matplotlib as mpl

    drawn = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    text = drawn.getvalue()
    return text[text.index("<svg") :]


def show(figure: "Figure", *, alt: str, caption: str) -> None:
    """Display a chart in a notebook with its alternative text and its caption, then close it."""
    import matplotlib.pyplot as plt
    from IPython import display

    data = {"image/svg+xml": svg(figure), "text/plain": alt}
    words = {"image/svg+xml": {"alt": alt, "caption": caption}}
    display.display(data, raw=True, metadata=words)  # type: ignore[no-untyped-call]
    plt.close(figure)
