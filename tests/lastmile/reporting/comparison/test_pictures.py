"""Figures are compared by what is seen of them."""

import io

import numpy as np
import pytest
from PIL import Image

from lastmile.reporting.comparison.pictures import figure_change
from lastmile.reporting.rendering.blocks import Figure


def svg(body="", *, comment="", width=100, height=50):
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    text = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><!--{comment}-->{body}</svg>'
    return Figure("svg", text.encode(), (width, height))


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return Figure("png", file.getvalue(), image.size)


HALF = svg('<rect width="50" height="50" fill="black"/>')


def test_half_of_a_drawing_is_half_of_its_pixels():
    change = figure_change("f", svg(), HALF)
    with Image.open(io.BytesIO(change.picture)) as image:
        pixels = np.asarray(image.convert("RGB"))

    assert change.status == "changed"
    assert change.share == pytest.approx(0.5, abs=0.01)
    assert tuple(pixels[30, 20]) == (213, 94, 0), "new is orange"
    assert tuple(pixels[30, 140]) == (255, 255, 255), "what is white in both stays white"


def test_what_is_gone_is_blue():
    with Image.open(io.BytesIO(figure_change("f", HALF, svg()).picture)) as image:
        assert image.convert("RGB").getpixel((20, 30)) == (0, 114, 178)


def test_other_bytes_that_look_the_same_are_equal():
    change = figure_change("f", svg(comment="Monday"), svg(comment="Tuesday"))

    assert (change.status, change.share, change.picture) == ("equal", 0.0, b"")


def test_a_difference_that_nobody_sees_is_none():
    one, two = Image.new("RGB", (9, 9), (9, 9, 9)), Image.new("RGB", (9, 9), (12, 9, 9))
    three = Image.new("RGB", (9, 9), (13, 9, 9))

    assert figure_change("f", png(one), png(two)).status == "equal"
    assert figure_change("f", png(one), png(three)).share == 1.0


def test_one_pixel_is_found():
    image = Image.new("L", (100, 100), 255)
    other = image.copy()
    other.putpixel((50, 50), 0)

    assert figure_change("f", png(image), png(other)).share == pytest.approx(1e-4)


def test_transparent_pixels_are_paper():
    clear, white = Image.new("RGBA", (9, 9), (0, 0, 0, 0)), Image.new("RGB", (9, 9), "white")

    assert figure_change("f", png(clear), png(white)).status == "equal"


def test_another_size_is_a_change_even_if_only_paper_was_added():
    change = figure_change("f", svg(), svg(width=120))

    assert (change.status, change.share) == ("changed", 0.0)
    assert "150 × 75 and 180 × 75 pixels" in change.remark


BROKEN = {
    "a truncated picture": Figure("png", png(Image.effect_noise((99, 99), 50)).data[:999], (9, 9)),
    "no picture at all": Figure("png", b"nothing", (9, 9)),
    "a broken drawing": Figure("svg", b"<svg><g></svg>", (9, 9)),
    "a vast drawing": svg(width=90_000, height=90_000),
    "a picture that claims to be vast": png(Image.new("1", (5000, 5000))),
}


@pytest.mark.parametrize("figure", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_drawn_counts_as_changed_and_says_why(figure):
    change = figure_change("f", HALF, figure)

    assert (change.status, change.share) == ("changed", None)
    assert "could not be drawn" in change.remark


@pytest.mark.parametrize("address", ["{}", "file://{}", "../../../{}", "http://127.0.0.1:9/x.png"])
def test_a_drawing_reads_no_file_of_the_machine_and_asks_nobody(tmp_path, address):
    secret = tmp_path / "secret.png"
    Image.new("RGB", (50, 50), "black").save(secret)
    hostile = svg(f'<image href="{address.format(secret)}" width="50" height="50"/>')

    assert figure_change("f", svg(), hostile).share is None


@pytest.mark.parametrize(
    ("before", "after", "status"), [(None, HALF, "added"), (HALF, None, "removed")]
)
def test_a_figure_that_only_one_side_has(before, after, status):
    assert figure_change("f", before, after).status == status
