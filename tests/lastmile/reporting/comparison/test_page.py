"""The page of a comparison: complete, offline, and safe with hostile notebooks."""

import re

from nbformat.v4 import new_output

from lastmile.reporting.comparison import Side, compare, render_comparison


def side(notebook, key, **more):
    record = {"key": key, "state": "succeeded", "started": "2026-01-01T06:00:00+00:00", **more}
    return Side(record, notebook)


def outputs(colour, number):
    svg = (f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">'
           f'<rect width="90" height="90" fill="{colour}"/></svg>')  # fmt: skip
    html = (f"<table><thead><tr><th></th><th>n</th></tr></thead><tbody><tr><th>r</th>"
            f"<td>{number}</td></tr></tbody></table>")  # fmt: skip
    return [new_output("display_data", data={"image/svg+xml": svg}),
            new_output("display_data", data={"text/html": html}),
            new_output("stream", text=f"sum: {number}")]  # fmt: skip


def page(before, after):
    return render_comparison(compare(before, after), title="Plain")


def test_every_change_has_its_section(executed):
    before = side(executed("## Rain", ("a", outputs("red", 4))), "one", parameters={"x": 1},
                  recorded={"auc": 0.5}, provenance={"packages": {"pandas": "2.3.0"}})  # fmt: skip
    after = side(executed("## Rain", ("a", outputs("blue", 1))), "two", parameters={"x": 2},
                 recorded={"auc": 0.75}, provenance={"packages": {"pandas": "3.0.0"}})  # fmt: skip
    html = page(before, after)
    sections = re.findall(r"<h2 id=\"([^\"]+)\"", html)

    assert sections == ["parameters", "in-short", "recorded-values", "tables", "figures", "texts",
                        "environment"]  # fmt: skip
    assert "4 of 5 outputs differ" in html
    assert "1 January 2026, 06:00 UTC" in html
    assert "100.0 % of the pixels differ." in html
    assert html.count("<img ") == 3
    assert "\u22123" in html, "the difference of the field"
    assert "package pandas" in html


def test_equal_runs_say_so_and_nothing_more(executed):
    one = side(executed(("a", outputs("red", 4))), "one")
    html = page(one, one)

    assert "Nothing differs" in html
    assert re.findall(r"<h2 id=\"([^\"]+)\"", html) == ["in-short"]


def test_a_hostile_notebook_stays_text(executed):
    evil = "</pre><script>alert(1)</script>\x00\u202e"
    before = side(executed(f"## {evil}", ("a", [new_output("stream", text="x")])), evil,
                  parameters={evil: 1}, recorded={evil: evil})  # fmt: skip
    after = side(executed(f"## {evil}", (f"a{evil}", [new_output("stream", text=evil)])), "two",
                 started=evil)  # fmt: skip
    html = page(before, after)

    assert "<script" not in html
    assert "\x00" not in html
    assert "\u202e" not in html
    assert "default-src &#39;none&#39;" in html
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)


def test_long_tables_and_lists_are_cut_and_say_so(executed):
    def many(offset):
        rows = "".join(f"<tr><th>{i}</th><td>{i + offset}</td></tr>" for i in range(300))
        html = f"<table><thead><tr><th></th><th>n</th></tr></thead><tbody>{rows}</tbody></table>"
        return side(executed(("a", [new_output("display_data", data={"text/html": html})])), "k")

    html = page(many(0), many(1))

    assert "300 fields of 300 differ; the first 200" in html
    assert html.count("<tr>") < 220


def test_a_browser_shows_it_offline_without_a_complaint(executed, browser, tmp_path):
    before = side(executed("## Rain", ("a = 1", outputs("red", 4))), "one", recorded={"n": 1})
    after = side(executed("## Rain", ("a = 2", outputs("blue", 1))), "two", recorded={"n": 2})
    file = tmp_path / "changes.html"
    file.write_text(page(before, after))
    opened = browser.new_page(viewport={"width": 390, "height": 800})
    complaints, requests = [], []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto(file.as_uri())
    width = opened.evaluate("document.documentElement.scrollWidth")
    shown = opened.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    opened.close()

    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
    assert (width, shown) == (390, True)
