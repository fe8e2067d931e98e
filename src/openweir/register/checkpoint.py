"""The checkpoint: how large the log is and what its root is, signed.

Source: C2SP tlog-checkpoint.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from openweir.errors import RegisterError
from openweir.register.note import SignerKey, VerifierKey, decode_base64, open_note, sign_note

__all__ = ["Checkpoint"]

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A tree head.

    Attributes:
        origin: the log's name.
        size: number of entries.
        root: 32 bytes, RFC 6962 Merkle tree hash of them all.
    """

    origin: str
    size: int
    root: bytes

    def signed(self, key: SignerKey) -> bytes:
        """Return the signed note."""
        root = base64.b64encode(self.root).decode()
        return sign_note(f"{self.origin}\n{self.size}\n{root}\n", key)

    @classmethod
    def verify(
        cls, data: bytes, logs: Iterable[tuple[str, VerifierKey]], *, where: str = "checkpoint"
    ) -> "Checkpoint":
        """Return the checkpoint in a note that a trusted log signed.

        Args:
            data: the signed note.
            logs: (origin, key) of each log that counts; the key counts for that origin only.
            where: for messages.

        Raises:
            RegisterError: not a checkpoint, or not signed by the log it names.
        """
        # The origin is read before it is trusted, only to choose the keys.
        origin = data[:1024].split(b"\n", 1)[0]
        keys = [key for name, key in logs if name.encode() == origin]
        text, _ = open_note(data, keys, where=where)
        lines = text[:-1].split("\n")
        if len(lines) < 3 or not all(lines) or _SIZE.fullmatch(lines[1]) is None:
            raise RegisterError("not a checkpoint", code="not-a-checkpoint", where=where)
        root = decode_base64(lines[2], where=where)
        if len(root) != 32:
            raise RegisterError("the root is not 32 bytes", code="not-a-checkpoint", where=where)
        return cls(origin=lines[0], size=int(lines[1]), root=root)
