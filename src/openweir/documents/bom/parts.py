"""What both bills of materials say alike: identifiers, licences, links, what is not known."""

import re
import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from openweir import digest
from openweir.artifact import show
from openweir.canonical import compact, decimal_text
from openweir.dossier import Component, Dossier, DossierFile, Estimate, Fact
from openweir.dossier.exchange import LeftOut, agreed
from openweir.dossier.exchange.agreed import agreed_licence
from openweir.dossier.openness.licence_name import licence_names

__all__ = [
    "Licence",
    "croissant_datasets",
    "document_uuid",
    "fact_text",
    "files_by_component",
    "instant_of",
    "is_croissant",
    "is_link",
    "licence_of_release",
    "licence_of_text",
    "limits",
    "path_link",
    "present",
    "producer",
    "text_is_modified",
    "unknown",
]

_LINK = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9._~!$&'()*+,;=:@/?%#-]*)?")
_MAX_LINK = 2048
_CROISSANT = re.compile(r"(.*[-_.])?croissant([-_.].*)?\.json(ld)?", re.IGNORECASE | re.DOTALL)
_OPERATORS = frozenset({"AND", "OR"})
# In MOT's list of known ids under a spelling that the SPDX list does not have.
_NOT_SPDX = frozenset({"BSD-2-clause-first-lines"})
_ASKED = (
    *("architecture", "base-model", "contact", "datasets", "licence", "parameters"),
    *("release-date", "training-compute", "training-tokens"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A declared licence as a bill of materials can name it.

    Attributes:
        words: as declared.
        identity: the SPDX id meant beyond doubt, or "".
        expression: an SPDX expression of known ids, or "".
    """

    words: str
    identity: str = ""
    expression: str = ""


def document_uuid(dossier: Dossier, form: str, as_of: date | None) -> str:
    """Return the identifier of a document: the same dossier, form and day give the same one."""
    day = "" if as_of is None else as_of.isoformat()
    subject = digest.sha256(dossier.to_bytes())
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"openweir {form} {subject} {day}"))


def instant_of(day: date) -> str:
    """Return the first instant of a day in UTC."""
    return f"{day.isoformat()}T00:00:00Z"


def producer(dossier: Dossier) -> tuple[str, str]:
    """Return (organisation, name); the organisation is "" where the name is only local."""
    organisation, _, name = dossier.name.partition("/")
    return ("" if organisation == "local" else organisation), name


def licence_of_release(dossier: Dossier) -> tuple[tuple[Licence, ...], str]:
    """Return the release's licences, and why there is none where that is so."""
    found = agreed_licence(dossier)
    return tuple(licence for text in found.texts for licence in licence_of_text(text)), found.why


def text_is_modified(dossier: Dossier) -> bool:
    """Whether the licence's text was found to differ from the licence declared."""
    return any(
        text.startswith("modified")
        for fact in dossier.facts_of("licence-verdict")
        for text in (fact.value if isinstance(fact.value, tuple) else (str(fact.value),))
    )


def licence_of_text(words: str | None, *, changed: bool = False) -> tuple[Licence, ...]:
    """Return the licences that words name; several are separated by commas, as cards do.

    Args:
        words: as declared; None or "" for none.
        changed: the licence's text was found to differ, so no id may stand for it.
    """
    if not words or not words.strip():
        return ()
    if changed:
        return (Licence(words=f"{show(words, 512)} (the text differs from it)"),)
    parts = [part.strip() for part in words.split(",")]
    known = [_spdx(part) for part in parts]
    if all(known):
        return tuple(
            Licence(words=part, identity=found) for part, found in zip(parts, known, strict=True)
        )
    return (Licence(words=show(words, 512), expression=_expression(words)),)


def files_by_component(dossier: Dossier) -> dict[str, tuple[DossierFile, ...]]:
    """Return the files of each component, in the dossier's order."""
    found: defaultdict[str, list[DossierFile]] = defaultdict(list)
    for file in dossier.files:
        found[file.component].append(file)
    return {name: tuple(files) for name, files in found.items()}


def path_link(path: str) -> str:
    """Return a file's path as a relative IRI reference."""
    # A first segment with a colon would be read as a scheme (RFC 3986 section 4.2).
    return "./" + quote(path.encode("utf-8", "surrogatepass"), safe="/")


def is_croissant(path: str) -> bool:
    """Whether a file is named as a Croissant description of a data set.

    Source: Croissant 1.1; MLCommons.
    """
    return _CROISSANT.fullmatch(path.rpartition("/")[2]) is not None


def croissant_datasets(dossier: Dossier) -> tuple[tuple[str, str], ...]:
    """Return (data set, path of the file) that Croissant files of the release declare."""
    return tuple(
        (show(name, 512), fact.source.ref)
        for fact in dossier.facts_of("declared-datasets")
        if fact.source.kind == "file"
        for name in (fact.value if isinstance(fact.value, tuple) else ())
    )


def is_link(text: str | None) -> bool:
    """Whether text is a web address and nothing else."""
    return text is not None and len(text) <= _MAX_LINK and _LINK.fullmatch(text) is not None


def fact_text(fact: Fact) -> str:
    """Return a fact whole, as canonical JSON on one line."""
    return compact(fact.to_json()).decode()


def limits(dossier: Dossier) -> tuple[str, ...]:
    """Return what a user of the model has to know, from facts and from the gate's findings."""
    found = [
        f"made for a specialised domain: {show(fact.value)}"
        for fact in dossier.facts_of("specialised-domain")
        if isinstance(fact.value, str) and fact.value != "none"
    ]
    found += [
        f"longest input: {decimal_text(fact.value.upper)} tokens"
        for fact in dossier.facts_of("context-length")
        if isinstance(fact.value, Estimate)
    ]
    found += [
        f"licence condition: {show(text, 512)}"
        for fact in dossier.facts_of("licence-conditions")
        for text in (fact.value if isinstance(fact.value, tuple) else ())
    ]
    found += [
        f"{show(finding.path, 512)}: {finding.verdict}: {show(finding.detail, 512)} "
        f"[{', '.join(finding.rules)}]"
        for finding in dossier.findings
    ]
    return tuple(dict.fromkeys(found))


def unknown(dossier: Dossier) -> tuple[LeftOut, ...]:
    """Return what a reader would look for and the dossier does not say."""
    found = [
        LeftOut(what=predicate, why="not stated")
        for predicate in _ASKED
        if not any(dossier.facts_of(predicate))
    ]
    for predicate in ("architecture", "base-model", "datasets"):
        why = agreed(dossier, predicate).why
        if why and any(dossier.facts_of(predicate)):
            found.append(LeftOut(what=predicate, why=why))
    found += [
        LeftOut(what=component.name, why="whether it is released is not known")
        for component in dossier.components
        if component.present not in ("yes", "no")
    ]
    return tuple(found)


def present(dossier: Dossier) -> tuple[Component, ...]:
    """Return the components that are there."""
    return tuple(component for component in dossier.components if component.present == "yes")


def _spdx(words: str) -> str:
    names = licence_names()
    found = names.normal(words)
    return found if found in names.known - _NOT_SPDX else ""


def _expression(words: str) -> str:
    """Return the words if they are known ids joined by AND and OR, without brackets."""
    tokens = words.split(" ")
    if len(tokens) % 2 == 0 or len(tokens) == 1 or len(words) > 512:
        return ""
    known = licence_names().known - _NOT_SPDX
    fits = all(token in known for token in tokens[::2]) and _OPERATORS.issuperset(tokens[1::2])
    return words if fits else ""
