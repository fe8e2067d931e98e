"""The case folder: where people keep what is known of one release, in plain files.

::

    case.toml          what the releasing party states: name, folder, contact, facts
    dossier.json       what the release consists of            (openweir inspect)
    plan.json          trials named before they ran            (openweir plan)
    stages.json        in which steps the release opens        (by hand)
    evidence/*.json    what was shown                          (openweir evidence add)
    decision.json      which tier and why                      (openweir decide)
    statements/        signatures and log proofs               (openweir sign, register)

Every file is written whole or not at all.
"""

import os
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from openweir.canonical import Object
from openweir.dossier import Certainty, Component, Estimate, Fact, Source, parse_certainty
from openweir.errors import CaseError
from openweir.evidence import Evidence, Plan
from openweir.tier import Tier

__all__ = ["CaseFolder", "Declaration", "write_atomically"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What `case.toml` states.

    Attributes:
        name: `org/name`.
        model: the model folder; None for a case without files.
        hold: the most open tier the owner wants; a decision is never above it.
        component_holds: (component, tier) where the owner holds a component back further.
        facts, components: declared ones, with their own sources and certainty.
    """

    name: str
    model: Path | None
    hold: Tier
    component_holds: tuple[tuple[str, Tier], ...]
    facts: tuple[Fact, ...]
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class CaseFolder:
    """A case on disk; each property reads its file anew."""

    root: Path

    @classmethod
    def open(cls, root: Path) -> "CaseFolder":
        """Return the case at `root`.

        Raises:
            CaseError: there is no `case.toml` in it.
        """
        if not (root / "case.toml").is_file():
            raise CaseError(
                f"`{root}` is not a case: it has no case.toml",
                code="not-a-case",
                hint=f"openweir init MODEL_DIR --case {root}",
            )
        return cls(root)

    def path(self, name: str) -> Path:
        """Return the path of a file of the case."""
        return self.root / name

    @property
    def statements(self) -> Path:
        """The folder of signatures and proofs."""
        return self.root / "statements"

    def declaration(self) -> Declaration:
        """Read `case.toml`.

        Raises:
            CaseError: it is not TOML, or a key is missing or malformed.
        """
        return _read_declaration(self.path("case.toml"))

    def read(self, name: str, *, made_by: str) -> bytes:
        """Return the bytes of a file of the case.

        Raises:
            CaseError: it does not exist yet; the hint names the command that makes it.
        """
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            raise CaseError(
                f"the case has no {name} yet",
                code="missing",
                where=str(self.root),
                hint=f"run `openweir {made_by} {self.root}`",
            ) from None
        except OSError as error:
            raise CaseError(
                f"cannot read {name}: {error.strerror}", code="unreadable", where=str(self.root)
            ) from None

    def plan(self) -> Plan | None:
        """Return the registered plan, or None when nothing is planned."""
        if not self.path("plan.json").exists():
            return None
        return Plan.from_bytes(
            self.read("plan.json", made_by="plan"), where=str(self.path("plan.json"))
        )

    def evidence_files(self) -> tuple[tuple[str, bytes], ...]:
        """Return (name, bytes) of every evidence file, sorted by name.

        Raises:
            CaseError: a name is not UTF-8.
        """
        return tuple(
            (f"evidence/{path.name}", path.read_bytes())
            for path in self.listed("evidence", "*.json")
        )

    def listed(self, folder: str, pattern: str) -> tuple[Path, ...]:
        """Return the files of a folder of the case that fit a pattern, sorted by name.

        Raises:
            CaseError: a name is not UTF-8, so no decision could name the file.
        """
        found = tuple(sorted(self.path(folder).glob(pattern)))
        for path in found:
            try:
                path.name.encode()
            except UnicodeEncodeError:
                raise CaseError(
                    f"the file name `{repr(os.fsencode(path.name))[2:-1][:200]}` is not UTF-8",
                    code="file-name",
                    where=str(self.path(folder)),
                    hint="rename the file, or take it out of the case",
                ) from None
        return found

    def evidence(self) -> tuple[Evidence, ...]:
        """Return all evidence of the case, in the order of file names."""
        return tuple(
            Evidence.from_bytes(data, where=str(self.path(name)))
            for name, data in self.evidence_files()
        )


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: temporary file, fsync, rename.

    Raises:
        CaseError: the folder cannot be written to.
    """
    # Only what changed is written; reading a case does not pay for this one.
    import tempfile  # noqa: PLC0415 - the start of `decide` is measured

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".openweir-", dir=path.parent)
    except OSError as error:
        raise CaseError(
            f"cannot write: {error.strerror}", code="unwritable", where=str(path)
        ) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise CaseError(
            f"cannot write: {error.strerror}", code="unwritable", where=str(path)
        ) from None


def _read_declaration(path: Path) -> Declaration:
    where = str(path)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise CaseError(f"not valid TOML: {error}", code="not-toml", where=where) from None
    except OSError as error:
        raise CaseError(f"cannot read: {error.strerror}", code="unreadable", where=where) from None
    top = Object(document, where)
    release = top.object("release")
    model = release.optional_text("model")
    name = release.text("name")
    facts = [_fact(item) for item in top.objects("fact")]
    for predicate in ("contact", "cost-of-withholding"):
        stated = release.text(predicate, "")
        if stated:
            facts.append(
                Fact(
                    predicate=predicate,
                    value=stated,
                    method="stated",
                    certainty=Certainty.DECLARED,
                    source=Source(
                        kind="statement", ref="case.toml", locator=f"release.{predicate}"
                    ),
                )
            )
    holds = top.optional_object("hold")
    return Declaration(
        name=name,
        model=None if model is None else _model(path.parent, model, where),
        hold=Tier.parse(release.text("hold", Tier.FULLY_OPEN.word), where=f"{where}: release.hold"),
        component_holds=()
        if holds is None
        else tuple(
            (component, Tier.parse(holds.text(component), where=f"{where}: hold.{component}"))
            for component in sorted(holds.value)
        ),
        facts=tuple(facts),
        components=tuple(_component(item) for item in top.objects("component")),
    )


def _model(case: Path, stated: str, where: str) -> Path:
    try:
        return (case / stated).resolve()
    except (ValueError, RuntimeError):  # a null byte; links that lead back to themselves
        raise CaseError(
            f"`{ascii(stated)[1:-1][:200]}` is not a path",
            code="model",
            where=f"{where}: release.model",
            hint="name the model folder, relative to case.toml",
        ) from None


def _fact(read: Object) -> Fact:
    """Read one `[[fact]]`: like `dossier.json`, but numbers may be bare TOML numbers."""
    value = dict(read.value)
    found: Any = value.get("value")
    if isinstance(found, (int, Decimal)) and not isinstance(found, bool):
        value["value"] = {"lower": str(found), "upper": str(found)}
    elif isinstance(found, dict):
        value["value"] = {key: str(bound) for key, bound in found.items()}
    value.setdefault("method", "stated")
    value.setdefault("certainty", Certainty.DECLARED.value)
    value.setdefault("source", {"kind": "statement", "ref": "case.toml"})
    fact = Fact.from_json(Object(value, read.where))
    if isinstance(fact.value, Estimate) and fact.unit is None:
        raise CaseError(
            f"fact `{fact.predicate}` is a number without a unit",
            code="unit",
            where=read.where,
            hint='add unit = "FLOP", "parameter", "token", ...',
        )
    return fact


def _component(read: Object) -> Component:
    present = read.text("present")
    if present not in ("yes", "no", "unknown"):
        raise CaseError(
            f"`{present}` is not yes, no or unknown", code="present", where=f"{read.where}.present"
        )
    return Component(
        name=read.text("name"),
        present=present,
        licence=read.optional_text("licence"),
        certainty=parse_certainty(
            read.text("certainty", Certainty.DECLARED.value), where=f"{read.where}.certainty"
        ),
        reference=read.optional_text("reference"),
    )
