"""Register: a public log that can only be added to, in plain files.

In: opaque entries of at most 65,535 bytes. Out: an index, a signed `Checkpoint`
and a `Proof` that anyone checks offline. Never: knows what an entry means,
rewrites a published byte, or signs two checkpoints that contradict each other.

Clauses: C2SP signed-note, tlog-checkpoint, tlog-tiles and tlog-proof; RFC 6962
section 2.1. The layout is static files, so any web server can publish the log,
and `audit` recomputes all of it from the entries through one `fetch` function.
"""

from openweir.register.audit import Audit, Damage, audit
from openweir.register.checkpoint import Checkpoint
from openweir.register.log import Log, directory_fetch, directory_listing
from openweir.register.note import SignerKey, VerifierKey
from openweir.register.proof import Proof
from openweir.register.tile import Fetch, TileTree, read_entries, read_entry

__all__ = [
    "Audit",
    "Checkpoint",
    "Damage",
    "Fetch",
    "Log",
    "Proof",
    "SignerKey",
    "TileTree",
    "VerifierKey",
    "audit",
    "directory_fetch",
    "directory_listing",
    "read_entries",
    "read_entry",
]
