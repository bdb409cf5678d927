"""The page in a real browser, from a file, with the network watched."""

import pytest

from lastmile.reporting.rendering.front import Front, Notice
from lastmile.reporting.rendering.html import render_html

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def opened(browser, build, tmp_path):
    """Open a report as a reader would; the second value is everything that went wrong."""
    wrong = []
    pages = []

    def open_report(*, viewport=WIDE, scheme="light", cells=()):
        notice = Notice(level="failed", heading="This run failed.", text="Cell 9 raised.")
        notebook = build.report()
        notebook.cells.extend(cells)
        file = tmp_path / "report.html"
        html = render_html(notebook, Front(title="The month", notice=notice))
        file.write_text(html, encoding="utf-8")
        page = browser.new_page(viewport=viewport, color_scheme=scheme)
        pages.append(page)
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:")) or wrong.append(request.url),
        )
        page.goto(file.as_uri())
        return page

    yield open_report, wrong
    for page in pages:
        page.close()


def test_it_opens_without_a_request_and_without_a_complaint(opened):
    open_report, wrong = opened
    page = open_report()
    page.emulate_media(media="print")
    page.emulate_media(media="screen")
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert wrong == []


def test_nothing_of_a_hostile_cell_runs(opened, build):
    open_report, wrong = opened
    attack = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    svg = build.SVG.replace("</svg>", "<script>parent.document.title='run'</script></svg>")
    cells = [
        build.markdown(attack),
        build.code("x", build.shown(text_html=attack), build.shown(svg=svg), build.stream(attack)),
    ]
    page = open_report(cells=cells)
    page.wait_for_timeout(200)
    assert page.title() == "The month"
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_page_scrolls_sideways(opened, build, viewport, scheme):
    open_report, wrong = opened
    cells = [
        build.code("x", build.shown(text_html=build.frame(3, 40))),
        build.markdown("w" * 300 + " $$" + "x + " * 100 + "y$$ `" + "c" * 300 + "`"),
        build.code("y" * 500, build.stream("z" * 500), build.error("E" * 300, "m" * 300)),
    ]
    page = open_report(viewport=viewport, scheme=scheme, cells=cells)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert wrong == []


def test_dark_and_light_can_both_be_read(opened):
    """The contrast of text, of quiet text and of links is at least 4.5 to 1 (WCAG 2.2, AA)."""
    open_report, _ = opened
    for scheme in ("light", "dark"):
        page = open_report(scheme=scheme)
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for selector in ("p", ".subtitle, dt, figcaption", "main a", ".notice strong", "summary"):
            found = page.locator(selector).first
            ink = found.evaluate("element => getComputedStyle(element).color")
            assert contrast(ink, paper) >= 4.5, (scheme, selector)


def contrast(first, second):
    def luminance(colour):
        channels = [int(part) / 255 for part in colour.removeprefix("rgb(")[:-1].split(",")]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def test_code_opens_one_by_one_and_all_at_once(opened):
    open_report, wrong = opened
    page = open_report()
    opened_folds = "document.querySelectorAll('details[open]').length"
    assert page.evaluate(opened_folds) == 0
    page.locator("summary").first.click()
    assert page.evaluate(opened_folds) == 1
    page.get_by_role("button", name="Show all code").click()
    assert page.evaluate(opened_folds) == page.locator("details").count()
    page.get_by_role("button", name="Hide all code").click()
    assert page.evaluate(opened_folds) == 0
    assert wrong == []


def test_the_contents_stand_beside_on_a_wide_screen_and_above_on_a_phone(opened):
    open_report, _ = opened
    places = "[...document.querySelectorAll('nav, main')].map(e => e.getBoundingClientRect())"
    nav, main = open_report().evaluate(places)
    assert nav["right"] <= main["left"]
    nav, main = open_report(viewport=PHONE).evaluate(places)
    assert nav["bottom"] <= main["top"]


def test_formulas_are_set_and_not_spelt(opened):
    open_report, _ = opened
    heights = open_report().evaluate(
        "[...document.querySelectorAll('mfrac > *')].map(e => e.getBoundingClientRect().top)"
    )
    assert heights[0] < heights[1]


def test_landmarks_and_names_are_there_for_those_who_listen(opened):
    open_report, _ = opened
    page = open_report()
    for role in ("banner", "navigation", "main"):
        assert page.get_by_role(role).count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("img", name="Rain by day").count() == 1
    assert page.get_by_role("columnheader", name="c0").count() == 1
    assert page.get_by_role("rowheader", name="1").count() == 1
