import base64
import hashlib
import re
from itertools import pairwise

import pytest

from lastmile.reporting.rendering.front import Front, Notice
from lastmile.reporting.rendering.html import render_html


@pytest.fixture
def page(build, front):
    return render_html(build.report(), front)


def main_of(page):
    return page.split("<main", 1)[1].split("</main>")[0]


def test_the_title_block(page):
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>The month</title>" in page
    assert re.findall(r"<h1>(.*?)</h1>", page) == ["The month"]
    assert '<p class="subtitle">against others</p>' in page
    assert "<dt>Month</dt><dd>2015-05</dd>" in page


def test_the_contents_lead_to_the_sections(page):
    targets = re.findall(r'<li class="l\d"><a href="#([^"]+)">', page)
    assert targets == ["at-a-glance", "rain", "words"]
    assert all(f' id="{target}"' in page for target in targets)


def test_headings_go_down_one_level_at_a_time(page):
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_ids_are_unique(page):
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_nothing_outside_of_the_file_is_named_but_links(page):
    assert re.findall(r'(?:src|action|data|poster)="(?!data:)', page) == []
    assert re.findall(r'<link [^>]*href="(?!data:)', page) == []
    assert "@import" not in page
    assert "url(" not in page


def test_the_policy_allows_just_this_style_and_this_script(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    for name in ("style", "script"):
        text = re.search(f"<{name}>(.*?)</{name}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert re.findall(r'\s(?:style|on\w+)="', page) == []


def test_markup_beside_pictures_is_small(page):
    assert len(re.sub(r'src="data:[^"]*"', "", page)) < 30_000


@pytest.mark.parametrize(
    ("view", "folded", "opened"), [("folded", 3, 0), ("shown", 0, 3), ("hidden", 0, 0)]
)
def test_the_view_of_the_code(build, view, folded, opened):
    page = main_of(render_html(build.report(), Front(title="a", code=view)))
    assert page.count('<details class="code">') == folded
    assert page.count('<details class="code" open>') == opened


def test_pictures_have_a_description_a_size_and_a_caption(page):
    first, second = re.findall(r"<img [^>]*>", page)
    assert 'alt="Rain by day"' in first
    assert 'width="384" height="192"' in first
    assert 'alt="Figure in the section “Rain”"' in second
    assert "<figcaption><b>Figure 1.</b> Seven wet days</figcaption>" in page


def test_numbers_of_a_frame_stand_right_and_headers_say_what_they_head(page):
    assert '<th scope="col" class="right">c0</th>' in page
    assert '<th scope="row" class="right">1</th><td class="right">1.50</td>' in page


def test_formulas_are_mathml_and_what_is_none_stays_readable(build, front):
    cell = build.markdown("$x$ and $\\nosuch{y}$")
    page = main_of(render_html(build.notebook(cell), front))
    assert '<math display="inline">' in page
    assert "<code>\\nosuch{y}</code>" in page


def test_code_is_coloured_by_classes(build, front):
    page = render_html(build.notebook(build.code("def f(): pass")), front)
    assert '<span class="k">def</span>' in page


def test_a_failed_run_says_so_above_and_at_its_cell(build):
    notice = Notice(
        level="failed", heading="This run failed.", text="Cell 2 raised.", link=("Last", "../a")
    )
    cells = (
        build.code("fine"),
        build.code("bad()", build.error(), state="failed", note="after 2 s"),
        build.code("later()", state="not-run"),
    )
    page = render_html(build.notebook(*cells), Front(title="a", notice=notice, code="hidden"))
    assert '<section class="notice failed" aria-label="Notice">' in page
    assert '<a href="#cell-2">Go to the cell</a> · <a href="../a">Last</a>' in page
    assert '<section class="broken" id="cell-2"' in page
    assert "<strong>Cell 2 failed.</strong> after 2 s" in page
    assert '<span class="red">ValueError</span>: no' in page
    assert "Cell 3 was not run" in page


def test_a_stopped_cell_says_so(build, front):
    page = render_html(build.notebook(build.code("x", state="stopped", note="60 s")), front)
    assert "<strong>Cell 1 was stopped.</strong> 60 s" in page


@pytest.mark.parametrize("address", ["javascript:alert(1)", " JavaScript:x", "data:text/html,x"])
def test_a_notice_does_not_lead_to_a_program(address):
    notice = Notice(level="info", heading="a", text="b", link=("c", address))
    page = render_html(_empty(), Front(title="a", notice=notice))
    assert "href" not in page.split("<header>")[1].split("</header>")[0]


def _empty():
    from nbformat.v4 import new_notebook

    return new_notebook()


def test_an_empty_notebook_is_a_page(front):
    page = render_html(_empty(), front)
    assert "<h1>The month</h1>" in page
    assert "<nav" not in page


def test_titles_and_facts_are_text():
    front = Front(title="<b>&", subtitle="<i>", facts=(("<u>", "</dd>"),), language='"><x')
    page = render_html(_empty(), front)
    assert "<h1>&lt;b&gt;&amp;</h1>" in page
    assert "<x" not in page
    assert "<u>" not in page


def test_the_same_notebook_gives_the_same_page(build, front):
    assert render_html(build.report(), front) == render_html(build.report(), front)
