import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lastmile.reporting.rendering.maths import mathml_text
from lastmile.reporting.rendering.typeset_maths import typst_formula

FORMULAS = [
    (r"\frac{a}{b}", "frac(a, b)"),
    (r"x_i^2", "attach(x, b: i, t: 2)"),
    (r"\sqrt{x}", "sqrt(x)"),
    (r"\sqrt[3]{x}", "root(3, x)"),
    (r"\hat{y}", "accent(y, hat)"),
    (r"\sum_{i=1}^{n} i", "attach(limits(∑), b: i \\= 1, t: n) i"),
    (r"\left( x \right)", "lr(\\( x \\))"),
    (r"f(x, y)", "f \\( x \\, y \\)"),
    (r"\text{if } x", '"if\u00a0" x'),
    (r"12.5", "12.5"),
    (r"a \; b", "a #h(0.278em) b"),
    (r"\begin{matrix}a&b\\c&d\end{matrix}", "mat(delim: #none, a, b; c, d)"),
    (r"\begin{pmatrix}a\end{pmatrix} b", "lr(\\( mat(delim: #none, a) \\)) b"),
    (r"\lim_{x} f", 'attach(limits(op("lim", limits: #true)), b: x) f'),
    (r"\begin{align}a&=b\\c&=d\end{align}", 'a & "" \\= b \\ c & "" \\= d'),
]


@pytest.mark.parametrize(("tex", "want"), FORMULAS, ids=[tex for tex, _ in FORMULAS])
def test_typst(tex, want):
    assert typst_formula(tex, display=True) == want


def test_mathml_has_no_attribute_or_element_of_other_kinds():
    assert (
        mathml_text("x", display=False) == '<math display="inline"><mrow><mi>x</mi></mrow></math>'
    )


@pytest.mark.parametrize(
    "tex",
    [
        pytest.param(r"\frac{a}", id="half a fraction"),
        pytest.param(r"\nosuchcommand", id="an unknown command"),
        pytest.param("{" * 3000, id="braces without end"),
        pytest.param("x" * 5000, id="a formula of many pages"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_not_understood_is_none(tex):
    assert mathml_text(tex, display=True) is None
    assert typst_formula(tex, display=True) is None


@pytest.mark.parametrize(
    "tex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\href{javascript:alert(1)}{x}",
        r"\mathrm{<img src=x onerror=y>}",
        r"\color{red\" onclick=\"x}{y}",
    ],
)
def test_a_formula_cannot_bring_markup(tex):
    found = mathml_text(tex, display=False) or ""
    assert "<script" not in found
    assert "<img" not in found
    assert "href" not in found
    assert "onclick=" not in found


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab1\\{}[]()_^&$#%~ \n'\",;:./|<>=+-*fracsqtextlghnd", max_size=40))
def test_every_text_is_read_or_refused(tex):
    mathml_text(tex, display=False)
    typst_formula(tex, display=True)
