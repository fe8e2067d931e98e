"""Read a model folder: every file hashed once, headers and configuration looked at."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from openweir import canonical, digest
from openweir.artifact import content, look, scan
from openweir.artifact.gguf import read_gguf
from openweir.artifact.manifest import (
    FileEntry,
    GgufFile,
    JsonFile,
    Manifest,
    Snapshot,
    TensorFile,
    TextFile,
    VerdictKind,
)
from openweir.artifact.mark import Mark, flag, refuse, verdict
from openweir.artifact.safetensors import json_fault, read_header
from openweir.artifact.settings import mark_json
from openweir.artifact.walk import Found, Listing, name_fault, open_found, walk, walk_file
from openweir.errors import ArtifactError, CanonicalError

__all__ = ["look_at", "look_through", "read", "read_manifest"]

_TEXT_BYTES = 1024 * 1024
_JSON_BYTES = 64 * 1024 * 1024
_ALL_JSON_BYTES = 256 * 1024 * 1024
_SMALL_JSON_BYTES = 1024 * 1024
_LOOK_BYTES = 64 * 1024
_TAIL_BYTES = 66 * 1024  # the longest comment a zip can end with, and its directory's end
_TEXTS = re.compile(
    r"(readme|licen[cs]e|notice|copying|use_policy|usage_policy)([._-].*)?"
    r"|.*\.(?:md|jinja2?|j2|tmpl|template|ya?ml)",
    re.IGNORECASE,
)

_RESULTS = re.compile(
    r"trainer_state\.json|[\w.-]*(?:results?|metrics?|scores?|stats|history|losses|log)[\w.-]*\.json",
    re.IGNORECASE,
)
_NOT_A_NUMBER = re.compile(rb"([:,\[]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])")

_Progress = Callable[[int], object]


def read_manifest(root: Path, progress: _Progress | None = None) -> Manifest:
    """Hash every file of a folder.

    Args:
        root: the folder; a snapshot of a Hugging Face cache is fine.
        progress: called with the number of bytes just read.

    Raises:
        ArtifactError: the folder cannot be used, or holds anything that may not be
            read: a link out of it, a special file, a name with two spellings.
    """
    listing = walk(root)
    if listing.refused:
        first = listing.refused[0]
        raise ArtifactError(first.detail, code=first.rules[0], where=first.path)
    files = []
    for found in listing.files:
        with open_found(found) as stream:
            files.append(_hash(found, stream, progress))
    return Manifest(files=tuple(files))


def read(
    root: Path,
    progress: _Progress | None = None,
    *,
    digests: bool = True,
    known: Manifest | None = None,
) -> Snapshot:
    """Read a folder: hash every file, read headers and configuration, judge each file.

    A malformed or hostile file becomes a verdict, not an error. Of tensors only
    headers are read, of texts the first 1 MiB, of JSON files up to 64 MiB each.

    Args:
        root: the folder.
        progress: called with the number of bytes just read.
        digests: whether to hash; without, a folder of any size takes a moment, and
            nothing can be bound to what was read.
        known: digests taken from the same folder a moment ago: what it holds with the same
            size is not hashed again.

    Raises:
        ArtifactError: the folder cannot be used: missing, empty, unreadable, or a file
            changed while it was read.
    """
    listing = walk(root)
    reader = _Reader()
    hashed = {file.path: file for file in (known.files if known else ())}
    for found in listing.files:
        before = hashed.get(found.path)
        with open_found(found) as stream:
            if not digests:
                entry = FileEntry(path=found.path, size=found.size, sha256="")
            elif before is not None and before.size == found.size:
                entry = before
            else:
                entry = _hash(found, stream, progress)
            reader.files.append(entry)
            reader.look(found, stream)
    return reader.snapshot(listing)


def look_at(path: Path) -> Snapshot:
    """Look at a folder or one file as a gate does: nothing hashed, everything judged.

    What cannot be read is refused by name, and a folder of nothing but refused files has
    verdicts like any other.

    Raises:
        ArtifactError: there is nothing at `path`, or more than can be looked at.
    """
    single = not path.is_dir()
    listing = walk_file(path) if single else walk(path, empty=True)
    reader = _Reader()
    for found in listing.files:
        reader.files.append(FileEntry(path=found.path, size=found.size, sha256=""))
        try:
            with open_found(found) as stream:
                reader.look(found, stream)
        except (ArtifactError, OSError):
            reader.marks[found.path].append(refuse("unreadable", "it cannot be read"))
    return reader.snapshot(listing, single=single)


def look_through(files: Iterable[tuple[str, int, Callable[[], BinaryIO]]]) -> Snapshot:
    """Look through files that lie elsewhere than in a folder, as `look_at` looks at one.

    Args:
        files: path, size in bytes, and what opens the bytes for reading at any place.

    Raises:
        OSError: the bytes are out of reach, so that nothing can be said of them.
    """
    reader = _Reader()
    # The small first: no file takes what may be read of JSON from a setting beside it.
    for path, size, opened in sorted(files, key=lambda file: (file[1], file[0])):
        reader.files.append(FileEntry(path=path, size=size, sha256=""))
        fault = name_fault(path.rpartition("/")[2], path)
        if fault is not None:
            reader.marks[path].append(refuse(*fault))
        with opened() as stream:
            reader.look(Found(path=path, source=Path(path), size=size), stream)
    reader.files.sort(key=lambda file: file.path.encode())
    return reader.snapshot(Listing(files=(), refused=()))


class _Reader:
    """What has been read so far."""

    def __init__(self) -> None:
        self.files: list[FileEntry] = []
        self.marks: defaultdict[str, list[Mark]] = defaultdict(list)
        self.tensor_files: list[TensorFile] = []
        self.gguf_files: list[GgufFile] = []
        self.json_files: list[JsonFile] = []
        self.text_files: list[TextFile] = []
        self.json_bytes = 0

    def look(self, found: Found, stream: BinaryIO) -> None:
        """Look into one file whose bytes were hashed."""
        name = PurePosixPath(found.path).name
        head = _part(stream, 0, _LOOK_BYTES)
        tail = _part(stream, max(0, found.size - _TAIL_BYTES), _TAIL_BYTES)
        marks = self.marks[found.path]
        marks.extend(scan.mark_name(found.path))
        marks.extend(scan.mark_bytes(found.path, head, tail, size=found.size))
        marks.extend(look.mark_inside(found.path, head, tail, stream))
        tensors = look.is_safetensors(head, found.size)
        if name.lower().endswith(".safetensors") or tensors:
            self._look_at_tensors(found, stream)
        elif name.lower().endswith(".gguf") or head.startswith(b"GGUF"):
            self._look_at_gguf(found, stream)
        elif name.lower().endswith(".json"):
            self._look_at_json(found, stream)
        elif _TEXTS.fullmatch(name) and not content.is_binary(head):
            self._look_at_text(found, stream)
        elif head[:1] in (b"{", b"[") and found.size <= _SMALL_JSON_BYTES:
            self._look_at_unnamed_json(found, stream)

    def snapshot(self, listing: Listing, *, single: bool = False) -> Snapshot:
        """Judge what only the whole folder shows, and put everything together.

        Args:
            listing: what the walk found.
            single: whether one file was asked for, so that its neighbours are not known.
        """
        tensor_files = tuple(self.tensor_files)
        present = frozenset(file.path for file in self.files)
        cards = {text.path: text.text for text in self.text_files}
        for file in self.json_files:
            marks = self.marks[file.path]
            folder, _, name = file.path.rpartition("/")
            if name.endswith(".index.json"):
                found = scan.mark_index(file.path, file.value, present, tensor_files)
                marks.extend(m for m in found if not single or m.kind is VerdictKind.REFUSED)
            elif name == "adapter_config.json":
                card = cards.get(f"{folder}/README.md", "") or cards.get("README.md", "")
                marks.extend(scan.mark_adapter(file.value, card))
        for path, mark in scan.mark_collisions(tuple(file.path for file in self.files)):
            self.marks[path].append(mark)
        verdicts = [verdict(file.path, tuple(self.marks[file.path])) for file in self.files]
        verdicts.extend(listing.refused)
        return Snapshot(
            manifest=Manifest(files=tuple(self.files)),
            verdicts=tuple(sorted(verdicts, key=lambda verdict: verdict.path.encode())),
            tensor_files=tensor_files,
            gguf_files=tuple(self.gguf_files),
            json_files=tuple(self.json_files),
            text_files=tuple(self.text_files),
        )

    def _look_at_tensors(self, found: Found, stream: BinaryIO) -> None:
        stream.seek(0)
        try:
            file = read_header(stream, found.size, path=found.path)
        except ArtifactError as error:
            self._refuse(found, error)
            return
        self.tensor_files.append(file)
        self.marks[found.path].extend(scan.mark_tensors(file))

    def _look_at_gguf(self, found: Found, stream: BinaryIO) -> None:
        stream.seek(0)
        try:
            file = read_gguf(stream, found.size, path=found.path)
        except ArtifactError as error:
            self._refuse(found, error)
            return
        self.gguf_files.append(file)
        self.marks[found.path].extend(scan.mark_gguf(file))

    def _refuse(self, found: Found, error: ArtifactError) -> None:
        rule = error.code.removeprefix(f"{error.room}.")
        self.marks[found.path].append(refuse(rule, error.message))

    def _look_at_json(self, found: Found, stream: BinaryIO) -> None:
        if found.size > _JSON_BYTES or self.json_bytes + found.size > _ALL_JSON_BYTES:
            self.marks[found.path].append(
                flag("oversized-json", f"{found.size} bytes of JSON, not read")
            )
            return
        self.json_bytes += found.size
        try:
            value: Any = canonical.parse(_part(stream, 0, found.size), where=found.path)
        except CanonicalError as error:
            # A trainer writes down a loss that is no number; nobody loads that as a setting.
            if not (
                _RESULTS.fullmatch(found.path.rsplit("/", 1)[-1]) and self._has_nan(found, stream)
            ):
                self.marks[found.path].append(flag("broken-json", json_fault(error)))
            return
        self.json_files.append(JsonFile(path=found.path, value=value))
        self.marks[found.path].extend(mark_json(value, found.path))

    @staticmethod
    def _has_nan(found: Found, stream: BinaryIO) -> bool:
        """Whether a JSON is strict but for numbers that are none."""
        data = _NOT_A_NUMBER.sub(rb"\1null", _part(stream, 0, found.size))
        try:
            canonical.parse(data, where=found.path)
        except CanonicalError:
            return False
        return True

    def _look_at_unnamed_json(self, found: Found, stream: BinaryIO) -> None:
        # What lies there as text may be told to a loader as its configuration.
        try:
            value = canonical.parse(_part(stream, 0, found.size), where=found.path)
        except CanonicalError:
            return
        self.marks[found.path].extend(mark_json(value, found.path))

    def _look_at_text(self, found: Found, stream: BinaryIO) -> None:
        data = _part(stream, 0, _TEXT_BYTES)
        truncated = found.size > len(data)
        if truncated:
            self.marks[found.path].append(
                flag("oversized-text", f"{found.size} bytes of text; the first 1 MiB was read")
            )
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            if not (truncated and error.start >= len(data) - 3):
                self.marks[found.path].append(flag("broken-text", "text that is not UTF-8"))
            text = data.decode("utf-8", errors="replace")
        self.text_files.append(TextFile(path=found.path, text=text, truncated=truncated))


def _hash(found: Found, stream: BinaryIO, progress: _Progress | None) -> FileEntry:
    before = os.fstat(stream.fileno())
    left = found.size

    def count(amount: int) -> None:
        # A file that grows as fast as it is read would never end.
        nonlocal left
        left -= amount
        if left < 0:
            raise _changed(found)
        if progress is not None:
            progress(amount)

    try:
        sha256 = digest.sha256_stream(stream, count)
    except OSError as error:
        raise ArtifactError(
            f"cannot read the file: {error.strerror}", code="unreadable", where=found.path
        ) from None
    after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or (
        after.st_size != found.size
    ):
        raise _changed(found)
    return FileEntry(path=found.path, size=found.size, sha256=sha256)


def _changed(found: Found) -> ArtifactError:
    return ArtifactError(
        "the file changed while it was read",
        code="changed",
        where=found.path,
        hint="wait until it is written and run the command again",
    )


def _part(stream: BinaryIO, begin: int, length: int) -> bytes:
    stream.seek(begin)
    return stream.read(length)
