"""What a file is by its own bytes, whatever its name says; nothing is decoded or run."""

import io
import pickletools
import re

__all__ = [
    "holds_zip",
    "is_archive",
    "is_binary",
    "is_executable",
    "is_object_array",
    "is_pickle",
    "is_text",
    "is_weights",
    "is_zip_of_pickles",
]

_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf")
_MORE_ARCHIVES = (b"\x28\xb5\x2f\xfd", b"Rar!", b"\x04\x22\x4d\x18")
_EXECUTABLES = (
    b"\x7fELF",
    b"#!",
    b"\x00asm",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
)
_WEIGHTS = (b"\x89HDF\r\n",)
# Formats that hold no code and no weights: images, sound, print, columns of data, arrays.
_BINARIES = (
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"%PDF-",
    b"OggS",
    b"fLaC",
    b"ID3",
    b"PAR1",
    b"ARROW1",
    b"\x93NUMPY",
)
# Opcodes that name a callable or call one; a stream of bytes that reaches one is a pickle.
_CALLING = frozenset(
    {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "REDUCE", "BUILD", "EXT1"}
)
_PICKLE_START = re.compile(rb"\x80[\x00-\x05]")
_END_OF_DIRECTORY = b"PK\x05\x06"


def is_pickle(head: bytes) -> bool:
    """Whether the bytes begin a pickle of any protocol.

    The stream is cut into opcodes, as a disassembler does; no opcode is carried out.
    """
    if _PICKLE_START.match(head):
        return True
    seen = []
    try:
        for opcode, _, _ in pickletools.genops(io.BytesIO(head)):
            seen.append(opcode.name)
    except Exception:  # noqa: BLE001, S110 - a hostile stream may break the cutter in any way
        pass
    called = sum(name in _CALLING for name in seen)
    # Text such as a word list can look like one GLOBAL; a call after it is no accident.
    return called >= 2 or (called == 1 and seen[-1] == "STOP")


def is_zip_of_pickles(head: bytes, tail: bytes) -> bool:
    """Whether the bytes are a zip that names a pickle, as PyTorch's `.pt` does."""
    return head.startswith(b"PK\x03\x04") and (b".pkl" in head or b".pkl" in tail)


def holds_zip(tail: bytes) -> bool:
    """Whether a zip ends in these last bytes of a file, wherever it begins.

    Readers of zip look at the end first, so a file can be a zip and something else.
    """
    at = tail.find(_END_OF_DIRECTORY)
    while at >= 0:
        record = tail[at : at + 22]
        entries = int.from_bytes(record[10:12], "little")
        directory_bytes = int.from_bytes(record[12:16], "little")
        # One disk and a directory of the right size: four chance bytes are not enough.
        if len(record) == 22 and not any(record[4:8]) and directory_bytes >= 46 * entries > 0:
            return True
        at = tail.find(_END_OF_DIRECTORY, at + 1)
    return False


def is_object_array(head: bytes) -> bool:
    """Whether the bytes begin a NumPy array of Python objects, which is read by unpickling."""
    return head.startswith(b"\x93NUMPY") and b"'|O'" in head[:4096]


def is_archive(head: bytes) -> bool:
    """Whether the bytes begin an archive or a compressed file."""
    return head.startswith(_ARCHIVES + _MORE_ARCHIVES) or head[257:262] == b"ustar"


def is_executable(head: bytes) -> bool:
    """Whether an operating system or a virtual machine would run the bytes."""
    return head.startswith(_EXECUTABLES) or (head.startswith(b"MZ") and not is_text(head))


def is_weights(head: bytes) -> bool:
    """Whether the bytes begin a weights format that is not read here: HDF5."""
    return head.startswith(_WEIGHTS)


def is_binary(head: bytes) -> bool:
    """Whether the bytes begin something known that is not text, whatever it may hold."""
    known = head.startswith(_BINARIES) or head[4:8] == b"ftyp"
    return known or is_archive(head) or is_pickle(head)


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are UTF-8 text without NUL."""
    if b"\x00" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut at the end of what was read may run through a character.
        return error.start >= len(head) - 3
    return True
