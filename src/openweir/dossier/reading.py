"""What a folder says of itself while it is being read: facts so far, and their sources."""

from typing import Any

from openweir import digest
from openweir.artifact import Snapshot, VerdictKind, show
from openweir.dossier.card import Card, read_card
from openweir.dossier.component import component_of
from openweir.dossier.dossier import Finding
from openweir.dossier.fact import Certainty, Fact, Source, Value
from openweir.dossier.from_licence import read_licences
from openweir.errors import DossierError

__all__ = ["CARD", "CONFIG", "NO_LICENCE", "Reading", "flagged"]

CARD = "README.md"
CONFIG = "config.json"
NO_LICENCE: frozenset[str] = frozenset({"", "other", "unknown"})
_MAX_TEXT = 512
# The Hub writes identifiers in lower case; SPDX does not. Only spellings change here.
_SPDX = {
    spdx.lower(): spdx
    for spdx in (
        "Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Clear", "CC0-1.0",
        "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0",
        "CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-3.0",
        "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0",
        "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "C-UDA-1.0",
        "ECL-2.0", "EPL-1.0", "EPL-2.0", "EUPL-1.1", "EUPL-1.2", "ISC", "LPPL-1.3c", "MS-PL",
        "MPL-2.0", "ODC-By-1.0", "OFL-1.1", "OSL-3.0", "PostgreSQL", "Unlicense", "WTFPL", "Zlib",
        "NCSA", "PDDL-1.0", "AFL-3.0", "Artistic-2.0", "BSL-1.0",
    )
}  # fmt: skip


class Reading:
    """What a folder says of itself.

    Attributes:
        facts: unsorted.
        findings: about the card; verdicts are findings of their own.
        card: its front matter; empty when there is none that can be read.
        licence: of the folder's files as the card declares it, or None.
        licences: the licence texts, compared with those on record.
        whole_model: False when the folder holds an adapter only.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Read the card."""
        self.snapshot = snapshot
        self.facts: list[Fact] = []
        self.findings: list[Finding] = []
        self.card = self._read_card()
        self.config = self._object(CONFIG)
        self.licence = _licence(self.card)
        stated = self.card.licence.lower() not in NO_LICENCE
        key = "license" if stated else "license_name"
        self.licences = read_licences(
            snapshot, self.licence, self.source(CARD, f"front matter: {key}")
        )
        self.whole_model = _holds_a_model(snapshot)

    def add(
        self,
        predicate: str,
        value: Value,
        source: Source,
        *,
        method: str = "read",
        certainty: Certainty = Certainty.READ,
        unit: str | None = None,
        subject: str = "release",
    ) -> None:
        """Add one fact about the release; foreign text is made plain and bounded."""
        if isinstance(value, str):
            value = show(value, _MAX_TEXT)
        elif isinstance(value, tuple):
            value = tuple(show(text, _MAX_TEXT) for text in value)
        self.facts.append(
            Fact(
                subject=subject,
                predicate=predicate,
                value=value,
                unit=unit,
                source=source,
                method=method,
                certainty=certainty,
            )
        )

    def source(self, path: str, locator: str | None = None) -> Source:
        """Return a source that is one file of the folder."""
        entry = self.snapshot.manifest.find(path)
        return Source(
            kind="file",
            ref=path,
            sha256=(entry.sha256 or None) if entry is not None else None,
            locator=locator,
        )

    def source_of_all(self, what: str, paths: tuple[str, ...] | None = None) -> Source:
        """Return a source that is many files; its digest is their dirHash."""
        entries = [(f.path, f.sha256) for f in self.snapshot.manifest.files]
        if paths is not None:
            entries = [entry for entry in entries if entry[0] in paths]
            if len(entries) == 1:
                return self.source(entries[0][0])
        bound = self.snapshot.manifest.digested
        return Source(kind="file", ref=what, sha256=digest.dirhash(entries) if bound else None)

    @staticmethod
    def spdx(licence: str) -> str:
        """Return a licence identifier in SPDX's spelling, where it is one."""
        for start in ("https://spdx.org/licenses/", "http://spdx.org/licenses/"):
            licence = licence.removeprefix(start)
        return _SPDX.get(licence.lower().removesuffix(".html"), licence)

    def _object(self, path: str) -> dict[str, Any]:
        found = self.snapshot.json(path)
        return found if isinstance(found, dict) else {}

    def _read_card(self) -> Card:
        text = self.snapshot.text(CARD)
        if text is None:
            return Card()
        try:
            return read_card(text.text, where=CARD)
        except DossierError as error:
            self.findings.append(flagged(CARD, "broken-card", error.message))
            return Card()


def flagged(path: str, rule: str, detail: str) -> Finding:
    """Return a finding about one file."""
    return Finding(
        path=path, verdict=VerdictKind.FLAGGED.value, rules=(rule,), detail=show(detail, 400)
    )


def _holds_a_model(snapshot: Snapshot) -> bool:
    """Whether there is more than an adapter, whose size says nothing of what it changes."""
    held = {component_of(file.path) for file in snapshot.manifest.files}
    if snapshot.gguf_files and not snapshot.tensor_files:
        return any(file.text("general.type") != "adapter" for file in snapshot.gguf_files)
    return "Model parameters (Final)" in held or "Adapters" not in held


def _licence(card: Card) -> str | None:
    if card.licence.lower() not in NO_LICENCE:
        return _SPDX.get(card.licence.lower(), card.licence)
    if card.licence.lower() == "other" and card.licence_name:
        return card.licence_name
    return None
