"""Folders and files that readers see whole or not at all."""

import errno
import os

import pytest

from lastmile.atomic import point, publish_folder, write_text
from lastmile.errors import NotWritable


def test_a_folder_appears_when_the_block_ends(tmp_path):
    target = tmp_path / "a/b"

    with publish_folder(target) as folder:
        (folder / "x").write_text("1")
        assert not target.exists()

    assert (target / "x").read_text() == "1"
    assert [path.name for path in target.parent.iterdir()] == ["b"]


def test_a_failure_leaves_what_stood_there(tmp_path):
    target = tmp_path / "b"
    with publish_folder(target) as folder:
        (folder / "x").write_text("old")

    with pytest.raises(RuntimeError), publish_folder(target) as folder:
        (folder / "x").write_text("new")
        raise RuntimeError

    assert (target / "x").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_replacing_leaves_only_the_new_folder(tmp_path):
    target = tmp_path / "b"
    for text in ("old", "new"):
        with publish_folder(target) as folder:
            (folder / text).write_text(text)

    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_crash_between_the_two_renames_is_mended_by_the_next_call(tmp_path):
    target = tmp_path / "b"
    old = tmp_path / ".b.old"
    old.mkdir()
    (old / "x").write_text("old")

    with pytest.raises(RuntimeError), publish_folder(target):
        assert (target / "x").exists()
        raise RuntimeError

    assert (target / "x").read_text() == "old"


def test_a_full_disk_publishes_nothing_and_says_so(tmp_path):
    target = tmp_path / "b"

    with pytest.raises(NotWritable, match="No space left") as caught, publish_folder(target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_place_under_a_file_cannot_be_written(tmp_path):
    (tmp_path / "a").write_text("a file")

    with pytest.raises(NotWritable), publish_folder(tmp_path / "a/b"):
        pass
    with pytest.raises(NotWritable):
        write_text(tmp_path / "a/b.txt", "text")


def test_a_link_is_moved_in_one_step(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        point(tmp_path / "latest", name)

    assert (tmp_path / "latest").readlink().name == "two"
    assert {"one", "two", "latest"} == {path.name for path in tmp_path.iterdir()}
