"""Upkeep: what an operator does to a hub beside serving: examine, collect, back up, restore.

In: a hub's database and its storage, while it serves. Out: what is wrong, by name; what was
let go; a copy that a hub can be made from. Never: lets go of a blob that a release, a draft
or its history names, calls a restore done that was not checked, or writes a token's text.

    named     which bytes the database names
    examine   is everything there that is named, and what lies about that is not
    collect   let go of what nothing names
    tables    the database as lines of JSON, and back
    backup    a copy while the hub serves; `restore` makes a hub from it
    turn      who does one of these keeps the others out
"""

from openweir.hub.upkeep.backup import BackedUp, backup
from openweir.hub.upkeep.bundle import BackupManifest, read_manifest
from openweir.hub.upkeep.collect import Collected, collect
from openweir.hub.upkeep.examine import Examined, Fault, examine
from openweir.hub.upkeep.kept import Kept
from openweir.hub.upkeep.restore import restore
from openweir.hub.upkeep.turn import turn

__all__ = [
    "BackedUp",
    "BackupManifest",
    "Collected",
    "Examined",
    "Fault",
    "Kept",
    "backup",
    "collect",
    "examine",
    "read_manifest",
    "restore",
    "turn",
]
