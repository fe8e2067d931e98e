"""Write declarations into `case.toml`: facts and components as TOML that people can edit."""

import json
from collections.abc import Iterable
from pathlib import Path

from openweir.artifact import show
from openweir.canonical import decimal_text
from openweir.desk.case import CaseFolder, Declaration, write_atomically
from openweir.dossier import Component, Estimate, Fact, Value
from openweir.errors import UsageError

__all__ = ["append", "toml_text"]


def append(case: Path, facts: Iterable[Fact], components: Iterable[Component]) -> Declaration:
    """Add facts and components to the end of `case.toml`; what stands there stays as written.

    Args:
        case: the case folder.
        facts: to add.
        components: to add; none may stand there already.

    Returns:
        The declaration as it now reads.

    Raises:
        CaseError: `case.toml` cannot be read or written, or would not be TOML any more;
            it is left as it was then.
    """
    path = CaseFolder.open(case).path("case.toml")
    before = path.read_bytes()
    blocks = [_fact(fact) for fact in facts] + [_component(item) for item in components]
    if not blocks:
        return CaseFolder(case).declaration()
    gap = b"" if before.endswith(b"\n") else b"\n"
    write_atomically(path, before + gap + "".join(f"\n{block}" for block in blocks).encode())
    try:
        return CaseFolder(case).declaration()
    except BaseException:
        write_atomically(path, before)
        raise


def toml_text(text: str) -> str:
    """Write a TOML basic string: JSON's escapes, and DEL, which JSON leaves bare.

    Raises:
        UsageError: the text holds half a surrogate pair.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"`{show(text)}` is not text in UTF-8", code="encoding") from None
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _fact(fact: Fact) -> str:
    lines = ["[[fact]]", f"predicate = {toml_text(fact.predicate)}"]
    if fact.subject != "release":
        lines.append(f"subject = {toml_text(fact.subject)}")
    lines.append(f"value = {_value(fact.value)}")
    if fact.unit is not None:
        lines.append(f"unit = {toml_text(fact.unit)}")
    lines += [
        f"method = {toml_text(fact.method)}",
        f"certainty = {toml_text(fact.certainty.value)}",
    ]
    if fact.observed_on is not None:
        lines.append(f"observed_on = {toml_text(fact.observed_on)}")
    lines.append("[fact.source]")
    source = fact.source
    lines += [
        f"{key} = {toml_text(text)}"
        for key, text in (
            ("kind", source.kind),
            ("ref", source.ref),
            ("locator", source.locator),
            ("sha256", source.sha256),
        )
        if text is not None
    ]
    return "\n".join(lines) + "\n"


def _component(component: Component) -> str:
    pairs = (
        ("name", component.name),
        ("present", component.present),
        ("licence", component.licence),
        ("certainty", component.certainty.value),
        ("reference", component.reference),
    )
    lines = [f"{key} = {toml_text(text)}" for key, text in pairs if text is not None]
    return "\n".join(("[[component]]", *lines)) + "\n"


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Estimate):
        ends = toml_text(decimal_text(value.lower)), toml_text(decimal_text(value.upper))
        return f"{{ lower = {ends[0]}, upper = {ends[1]} }}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(toml_text, value)) + "]"
    return toml_text(value)
