"""Where the cost of a graph goes, as one HTML page that needs nothing else."""

import base64
import hashlib
from html import escape

from lastmile.exporting.cost.counting import Cost, StepCost
from lastmile.values import show_size

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;text-align:right;border-bottom:1px solid #8884}
th:nth-child(-n+2),td:nth-child(-n+2){text-align:left}
tfoot td{font-weight:600}
rect{fill:#2a6f97}
@media (prefers-color-scheme:dark){rect{fill:#61a5c2}}
"""

HEADINGS = ("step", "where it goes", "nodes visited", "multiply-adds", "bytes read", "in the file")


def cost_page(title: str, cost: Cost) -> str:
    """The table of steps with a bar for each; no script, no address, a strict policy."""
    whole = cost.total
    rows = "\n".join(_row(step, whole.weight) for step in cost.steps)
    heads = "".join(f'<th scope="col">{heading}</th>' for heading in HEADINGS)
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(explained(cost))}</p>\n"
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n"
        f"<tfoot>{_row(whole, whole.weight, bar=False)}</tfoot>\n</table>\n</body>\n</html>\n"
    )


def explained(cost: Cost) -> str:
    """What was counted, and how."""
    how = (
        f"nodes of trees on {cost.rows} rows of the sample"
        if cost.rows
        else "nodes of trees as if each split sent half of the rows either way"
    )
    return (
        f"For one row, counted without a device: {how}. The bar weighs operators, nodes, "
        "multiply-adds and bytes against each other; it tells what costs more, not how long it "
        "takes."
    )


def _row(step: StepCost, whole: float, *, bar: bool = True) -> str:
    share = step.weight / whole if whole else 0.0
    drawn = (
        f'<svg width="120" height="12" role="img" aria-label="{share:.0%}">'
        f'<rect width="{120 * share:.1f}" height="12"></rect></svg> '
        if bar
        else ""
    )
    cells = (escape(step.step), f"{drawn}{share:.0%}", *figures(step))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def figures(step: StepCost) -> tuple[str, str, str, str]:
    """The counts of a step as texts: nodes visited, multiply-adds, bytes read, size."""
    return (
        f"{step.visited:,.0f}",
        f"{step.multiply_adds:,.0f}",
        show_size(step.bytes_read),
        show_size(step.size),
    )
