"""Walking a folder: what is listed, what is refused, and that nothing leads out."""

import os
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_folder import small, write
from openweir.artifact import VerdictKind, read, read_manifest, walk
from openweir.errors import ArtifactError


def paths(root: Path) -> list[str]:
    """Return the listed paths."""
    return [file.path for file in walk(root).files]


def test_paths_are_sorted_by_bytes(tmp_path):
    """The order is that of `LC_ALL=C sort`, in every locale."""
    write(tmp_path, dict.fromkeys(("b", "a/z", "a-b", "B", "é", "a/b/c"), b"x"))
    assert paths(tmp_path) == ["B", "a-b", "a/b/c", "a/z", "b", "é"]


def test_statements_and_tool_folders_are_left_out_at_the_top_only(tmp_path):
    """`.openweir`, `.git` and a downloader's notes are no part of a release."""
    left_out = (".openweir/decision.json", ".git/HEAD", ".cache/huggingface/x.lock")
    kept = ("a/.git/HEAD", ".cache/other", "a/.openweir/x", ".gitattributes")
    write(tmp_path, dict.fromkeys(left_out + kept, b"x"))
    assert paths(tmp_path) == sorted(kept)


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside", "../../outside"])
def test_a_link_out_is_refused_and_not_read(tmp_path, target):
    """A link that leaves the folder is listed as refused; its bytes are never hashed."""
    write(tmp_path, {"outside": b"secret", "model/config.json": b"{}"})
    (tmp_path / "model" / "leak.txt").symlink_to(target)
    snapshot = read(tmp_path / "model")
    assert [file.path for file in snapshot.manifest.files] == ["config.json"]
    verdict = snapshot.verdicts[1]
    assert verdict.path == "leak.txt"
    assert verdict.verdict is VerdictKind.REFUSED
    assert verdict.rules[0] in ("link-out", "link-broken")
    with pytest.raises(ArtifactError, match=r"leak\.txt: a link that leads") as caught:
        read_manifest(tmp_path / "model")
    assert caught.value.code.startswith("artifact.link-")


def test_links_inside_the_folder_are_files(tmp_path):
    """A link to a file of the same folder counts as a file with that content."""
    write(tmp_path, {"a": b"x"})
    (tmp_path / "b").symlink_to("a")
    assert paths(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("case", ["loop", "broken", "folder"])
def test_links_that_are_no_files_are_refused(tmp_path, case):
    """A loop, a dangling link and a link to a folder are refused, never walked."""
    write(tmp_path, {"a/b": b"x"})
    (tmp_path / "l").symlink_to({"loop": "l", "broken": "nowhere", "folder": "a"}[case])
    listing = walk(tmp_path)
    assert [file.path for file in listing.files] == ["a/b"]
    rule = "link-folder" if case == "folder" else "link-broken"
    assert [verdict.rules for verdict in listing.refused] == [(rule,)]


def test_a_cache_snapshot_is_read_through_its_links(tmp_path):
    """A snapshot of a Hugging Face cache links into the `blobs` beside it, and only there."""
    repository = tmp_path / "models--acme--m"
    write(repository, {"blobs/abc": b"{}"})
    write(tmp_path, {"other/blobs/abc": b"secret"})
    snapshot = repository / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/abc")
    (snapshot / "leak").symlink_to("../../../other/blobs/abc")
    listing = walk(snapshot)
    assert [file.path for file in listing.files] == ["config.json"]
    assert [verdict.path for verdict in listing.refused] == ["leak"]


def test_a_pipe_is_refused_without_waiting(tmp_path):
    """A named pipe is refused; opening it for reading would block for ever."""
    write(tmp_path, {"a": b"x"})
    os.mkfifo(tmp_path / "p")
    assert [verdict.rules for verdict in walk(tmp_path).refused] == [("special-file",)]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        (b"\xff.txt", "name-encoding"),
        (b"a\nb", "name-hidden"),
        ("a\u202eb".encode(), "name-hidden"),
        (b"a\\b", "name-backslash"),
        (unicodedata.normalize("NFD", "é").encode(), "name-not-nfc"),
    ],
)
def test_names_with_two_readings_are_refused(tmp_path, name, rule):
    """A name that two systems would show or store differently is refused, shown escaped."""
    write(tmp_path, {"a": b"x"})
    (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    [verdict] = walk(tmp_path).refused
    assert verdict.rules == (rule,)
    assert "\n" not in verdict.path
    verdict.path.encode()


def test_case_collisions_are_flagged(tmp_path):
    """Two names that are one file on other systems are flagged."""
    small(tmp_path, **{"readme.md": "x"})
    verdicts = {verdict.path: verdict for verdict in read(tmp_path).verdicts}
    assert verdicts["readme.md"].rules == ("case-collision",)


@pytest.mark.parametrize(
    ("make", "code", "text"),
    [
        (lambda p: None, "missing", "does not exist"),
        (lambda p: p.write_bytes(b"x"), "not-a-folder", "is not a folder"),
        (lambda p: p.mkdir(), "empty", "no file in it can be read"),
    ],
)
def test_an_unusable_folder_is_one_error(tmp_path, make, code, text):
    """A folder that is missing, a file, or empty is an error, not a snapshot."""
    make(tmp_path / "m")
    with pytest.raises(ArtifactError, match=text) as caught:
        read(tmp_path / "m")
    assert caught.value.code == f"artifact.{code}"


def test_too_many_files_and_levels_are_refused(tmp_path, monkeypatch):
    """The number of files and the depth of folders are bounded."""
    write(tmp_path, {"/".join("d" * 40) + "/f": b"x"})
    with pytest.raises(ArtifactError, match="nested deeper than 32") as caught:
        walk(tmp_path)
    assert caught.value.code == "artifact.too-deep"
    write(tmp_path / "many", {str(index): b"" for index in range(5)})
    monkeypatch.setattr(sys.modules[walk.__module__], "_MAX_FILES", 3)
    with pytest.raises(ArtifactError, match="more than 3 files") as caught:
        walk(tmp_path / "many")
    assert caught.value.code == "artifact.too-many-files"


@given(st.sets(st.text("abcé.-_ Z", min_size=1, max_size=6), min_size=1, max_size=8))
def test_law_listing_does_not_depend_on_the_order_of_making(tmp_path_factory, names):
    """The same files give the same listing, whatever the order they were written in."""
    names = {name for name in names if name not in (".", "..")} or {"a"}
    one, two = tmp_path_factory.mktemp("a"), tmp_path_factory.mktemp("b")
    write(one, dict.fromkeys(sorted(names), b"x"))
    write(two, dict.fromkeys(sorted(names, reverse=True), b"x"))
    assert read_manifest(one) == read_manifest(two)
    assert set(paths(one)) == names
