import io

import pytest

from lastmile.reporting.rendering.pictures import decode, size_of


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
def test_the_size_stands_in_the_header(kind):
    image = pytest.importorskip("PIL.Image")
    data = io.BytesIO()
    image.new("RGB", (37, 21), "white").save(data, kind)
    assert size_of(kind, data.getvalue()) == (37, 21)


@pytest.mark.parametrize(
    ("tag", "want"),
    [
        pytest.param('width="72pt" height="36pt"', (96, 48), id="points"),
        pytest.param('width="10" height="20"', (10, 20), id="pixels"),
        pytest.param('viewBox="0 0 30 15"', (30, 15), id="the view box where nothing else is said"),
        pytest.param('width="60" viewBox="0 0 30 15"', (60, 30), id="a width and the view box"),
        pytest.param('width="100%" viewBox="0,0,30,15"', (30, 15), id="a share of the page"),
        pytest.param('stroke-width="3"', (300, 150), id="nothing said"),
    ],
)
def test_the_size_of_a_drawing(tag, want):
    assert size_of("svg", f"<?xml version='1.0'?><svg {tag}></svg>".encode()) == want


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "svg"])
@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff\xe0\x00", b"RIFF0000WEBPVP8X"])
def test_what_is_no_picture_has_no_size(kind, data):
    assert size_of(kind, data) is None


def test_a_small_file_that_claims_a_vast_picture_is_none():
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    assert size_of("png", header + bytes([0, 0, 200, 0, 0, 0, 200, 0])) is None


def test_damaged_base64_is_no_picture():
    assert decode("image/png", "@@@") is None
    assert decode("image/png", "aGk=\n") == b"hi"
