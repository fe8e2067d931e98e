"""The dossier: what a release consists of, as one value and one canonical file."""

from collections.abc import Iterator
from dataclasses import dataclass

from openweir.canonical import Object, parse, text
from openweir.dossier.fact import Certainty, Fact, parse_certainty
from openweir.errors import DossierError

__all__ = ["Component", "Dossier", "DossierFile", "Finding"]

_SCHEMA = "openweir/dossier/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierFile:
    """One file of the release and the component it belongs to.

    Attributes:
        sha256: empty when the folder was read without digests.
    """

    path: str
    size: int
    sha256: str
    component: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One component of the Model Openness Framework, as far as this release has it.

    Attributes:
        name: as the framework names it: `Model parameters (Final)`.
        present: `yes`, `no` or `unknown`; files prove yes, their absence proves nothing
            about what is released elsewhere.
        licence: declared for this component: an SPDX id or the words used; None if unknown.
        certainty: how surely presence is known.
        reference: where it is released, when not among the files.
    """

    name: str
    present: str
    licence: str | None = None
    certainty: Certainty = Certainty.READ
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the gate said of a file, kept because it was not `clean`."""

    path: str
    verdict: str
    rules: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What a release consists of.

    Attributes:
        name: `org/name`, as on a hub.
        release_sha256: dirHash of all files; None when no files were at hand.
        model_sha256: dirHash of the files a loader reads (weights, configuration,
            tokenizer, code); evidence is bound to it, so a corrected README keeps it.
        files, components, facts, findings: sorted by path, name, (predicate, subject), path.
    """

    name: str
    release_sha256: str | None
    model_sha256: str | None
    files: tuple[DossierFile, ...] = ()
    components: tuple[Component, ...] = ()
    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()

    def facts_of(self, predicate: str, subject: str = "release") -> Iterator[Fact]:
        """Yield every fact with this predicate and subject."""
        return (
            fact for fact in self.facts if fact.predicate == predicate and fact.subject == subject
        )

    def component(self, name: str) -> Component | None:
        """Return the component of that name, or None."""
        return next((found for found in self.components if found.name == name), None)

    @property
    def bindable(self) -> bool:
        """Whether evidence and decisions can be bound to the files: they were hashed."""
        return self.release_sha256 is not None

    def to_bytes(self) -> bytes:
        """Return the canonical file `dossier.json`."""
        return text(self.to_json())

    def to_json(self) -> dict[str, object]:
        """Return the dossier as plain JSON values."""
        return {
            "schema": _SCHEMA,
            "name": self.name,
            "release_sha256": self.release_sha256,
            "model_sha256": self.model_sha256,
            "files": [
                {
                    "path": file.path,
                    "size": file.size,
                    "sha256": file.sha256,
                    "component": file.component,
                }
                for file in self.files
            ],
            "components": [_component_to_json(component) for component in self.components],
            "facts": [fact.to_json() for fact in self.facts],
            "findings": [
                {
                    "path": finding.path,
                    "verdict": finding.verdict,
                    "rules": list(finding.rules),
                    "detail": finding.detail,
                }
                for finding in self.findings
            ],
        }

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "dossier.json") -> "Dossier":
        """Read `dossier.json`.

        Raises:
            CanonicalError: not JSON, or a key is missing or of the wrong type.
            DossierError: of another schema, or a fact is malformed.
        """
        read = Object(parse(data, where=where), where)
        if read.text("schema") != _SCHEMA:
            raise DossierError(
                f"`{read.text('schema')}` is not the schema `{_SCHEMA}`",
                code="schema",
                where=where,
                hint="run `openweir inspect` again",
            )
        return cls(
            name=read.text("name"),
            release_sha256=read.optional_text("release_sha256"),
            model_sha256=read.optional_text("model_sha256"),
            files=tuple(
                DossierFile(
                    path=item.text("path"),
                    size=item.integer("size"),
                    sha256=item.text("sha256"),
                    component=item.text("component"),
                )
                for item in read.objects("files")
            ),
            components=tuple(_component_from_json(item) for item in read.objects("components")),
            facts=tuple(Fact.from_json(item) for item in read.objects("facts")),
            findings=tuple(
                Finding(
                    path=item.text("path"),
                    verdict=item.text("verdict"),
                    rules=item.texts("rules"),
                    detail=item.text("detail"),
                )
                for item in read.objects("findings")
            ),
        )


def _component_to_json(component: Component) -> dict[str, object]:
    return {
        "name": component.name,
        "present": component.present,
        "licence": component.licence,
        "certainty": component.certainty.value,
        "reference": component.reference,
    }


def _component_from_json(read: Object) -> Component:
    return Component(
        name=read.text("name"),
        present=read.text("present"),
        licence=read.optional_text("licence"),
        certainty=parse_certainty(read.text("certainty"), where=f"{read.where}.certainty"),
        reference=read.optional_text("reference"),
    )
