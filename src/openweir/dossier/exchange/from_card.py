"""Take a release over from a Hugging Face card: the front matter, as `inspect` reads it."""

from dataclasses import replace

from openweir import digest
from openweir.artifact import FileEntry, Manifest, Snapshot, TextFile, show
from openweir.dossier.exchange.taken import LeftOut, Taken
from openweir.dossier.fact import Certainty, Fact, Source
from openweir.dossier.from_artifact import read_facts
from openweir.errors import DossierError

__all__ = ["take_card"]

_CARD = "README.md"
_MAX_BYTES = 1024 * 1024
_FRONT_MATTER = frozenset(
    {
        *("base-model", "datasets", "languages", "library", "licence"),
        *("specialised-domain", "tags", "task"),
    }
)


def take_card(data: bytes, *, file: str) -> Taken:
    """Take a card's front matter over, as declared by the releasing party.

    Args:
        data: the file's bytes; only its first 1 MiB is looked at.
        file: its name.

    Raises:
        DossierError: not text, or its front matter is missing or not plain YAML.
    """
    try:
        text = data.decode("utf-8-sig")[:_MAX_BYTES]
    except UnicodeDecodeError:
        raise DossierError("not UTF-8 text", code="card", where=file) from None
    entry = FileEntry(path=_CARD, size=len(data), sha256=digest.sha256(data))
    reading = read_facts(
        Snapshot(
            manifest=Manifest(files=(entry,)),
            verdicts=(),
            text_files=(TextFile(path=_CARD, text=text),),
        )
    )
    if not reading.card.stated:
        broken = next((f.detail for f in reading.findings if "broken-card" in f.rules), "")
        raise DossierError(
            broken or "no front matter between `---` lines at the top",
            code="card",
            where=file,
            hint="a model card of the Hugging Face Hub, such as README.md",
        )
    left_out = [
        LeftOut(what=show(file), why=finding.detail)
        for finding in reading.findings
        if finding.path == _CARD
    ]
    if reading.card.licence_link:
        left_out.append(LeftOut(what="license_link", why="no predicate"))
    return Taken(
        form="hf-card",
        title=show(file),
        facts=tuple(
            _declared(fact, file) for fact in reading.facts if fact.predicate in _FRONT_MATTER
        ),
        left_out=tuple(left_out),
    )


def _declared(fact: Fact, file: str) -> Fact:
    source = Source(
        kind="publication",
        ref=f"model card, {show(file)}",
        sha256=fact.source.sha256,
        locator=fact.source.locator,
    )
    return replace(fact, source=source, method="stated", certainty=Certainty.DECLARED)
