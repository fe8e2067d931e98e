"""Views: a file as memory, mapped once, that never shows other bytes than were meant."""

import gc
import os
from pathlib import Path

import pytest

from openweir.hub.storage import Files
from openweir.hub.storage import view as room

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A directory with one file, `a`."""
    found = Files(tmp_path)
    keep(found, "a", CONTENT)
    return found


def keep(files: Files, key: str, content: bytes) -> str:
    """Store bytes; returns their mark."""
    writer = files.writer(key)
    writer.write(content)
    writer.keep()
    stamp = files.stamp(key)
    assert stamp is not None
    return stamp.mark


def mark_of(files: Files, key: str = "a") -> str:
    """The mark of what is stored now."""
    stamp = files.stamp(key)
    assert stamp is not None
    return stamp.mark


def handles() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


class TestView:
    """What is sent is the file's bytes."""

    def test_pieces(self, files: Files) -> None:
        """Any range, as memory or as a copy."""
        view = files.view("a", mark_of(files))
        assert view is not None
        assert bytes(view.piece(3, 700)) == CONTENT[3:700]
        assert view.read(3, 700) == CONTENT[3:700]
        assert view.at_hand(700)

    def test_other_bytes_are_not_shown(self, files: Files) -> None:
        """A mark of other bytes gets nothing, whether the file was mapped before or not."""
        old = mark_of(files)
        assert files.view("a", old) is not None
        new = keep(files, "a", CONTENT[::-1])
        with pytest.raises(FileNotFoundError):
            files.view("b", old)
        with pytest.raises(FileNotFoundError):
            files.view("a", old + "0")
        view = files.view("a", new)
        assert view is not None
        assert bytes(view.piece(0, 4)) == CONTENT[::-1][:4]

    def test_an_empty_file_has_none(self, files: Files) -> None:
        """Nothing cannot be mapped."""
        assert files.view("empty", keep(files, "empty", b"")) is None

    def test_a_deleted_file_lasts_as_long_as_its_answer(self, files: Files) -> None:
        """Whoever reads keeps what they began."""
        view = files.view("a", mark_of(files))
        assert view is not None
        files.delete("a")
        assert bytes(view.piece(0, len(CONTENT))) == CONTENT

    def test_a_shortened_file_is_an_error(self, files: Files, tmp_path: Path) -> None:
        """Reading past the end says so instead of sending less."""
        view = files.view("a", mark_of(files))
        assert view is not None
        (tmp_path / "a").chmod(0o600)
        os.truncate(tmp_path / "a", 100)
        with pytest.raises(OSError, match="the file has become shorter"):
            view.read(0, 200)

    def test_what_the_disk_must_bring_is_known(self, files: Files, monkeypatch) -> None:
        """The kernel says that it would wait; a file system that cannot say counts as ready."""
        view = files.view("a", mark_of(files))
        assert view is not None

        def waits(*_: object) -> int:
            raise BlockingIOError

        def cannot(*_: object) -> int:
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "preadv", waits)
        assert not view.at_hand(10)
        monkeypatch.setattr(os, "preadv", cannot)
        assert view.at_hand(10)


class TestViews:
    """Few are kept, and not for long."""

    def test_mapped_once(self, files: Files) -> None:
        """The next answer uses the same."""
        mark = mark_of(files)
        assert files.view("a", mark) is files.view("a", mark)

    def test_the_oldest_go_and_are_closed(self, files: Files, monkeypatch) -> None:
        """Handles do not pile up."""
        monkeypatch.setattr(room, "_MOST", 3)
        before = handles()
        for number in range(20):
            assert files.view(f"k{number}", keep(files, f"k{number}", CONTENT)) is not None
        gc.collect()
        # A mapping has a handle of its own beside the view's.
        assert handles() - before <= 2 * 3

    def test_none_is_kept_for_long(self, files: Files, monkeypatch) -> None:
        """A file that nobody asks for is let go when another is asked for."""
        mark, other = mark_of(files), keep(files, "b", CONTENT)
        now = [100.0]
        monkeypatch.setattr(room, "monotonic", lambda: now[0])
        first = files.view("a", mark)
        now[0] += 11
        files.view("b", other)
        assert files.view("a", mark) is not first
