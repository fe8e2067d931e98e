"""Where the strict reading of MOF parts from the Model Openness Tool, component by component."""

from collections.abc import Iterator
from dataclasses import dataclass

from openweir.dossier.openness.mof import MofResult, Standing
from openweir.dossier.openness.rule_set import rule_data

__all__ = ["Difference", "differences"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference and the repair that makes it.

    Attributes:
        subject: the component, or `class I`, `class II` for progress.
        was, now: by the tool, and by the strict reading.
        repair: its id in `mof-strict.toml`.
        effect: `status` changes what counts; `warning` and `progress` change what is reported.
        detail: what the repair saw.
        reason: why the repair is made.
    """

    subject: str
    was: str
    now: str
    repair: str
    effect: str
    detail: str
    reason: str


def differences(tool: MofResult, strict: MofResult) -> tuple[Difference, ...]:
    """Explain every difference between the two results for one release.

    Args:
        tool: by `mof-1.0/mot`.
        strict: by `mof-1.0/strict`, for the same release.
    """
    reasons = {
        row.text("id"): row.text("reason")
        for row in rule_data("mof-strict.toml").read.objects("repair")
    }
    return tuple(
        Difference(
            subject=subject,
            was=was,
            now=now,
            repair=repair,
            effect=effect,
            detail=detail,
            reason=reasons[repair],
        )
        for subject, was, now, repair, effect, detail in _found(tool, strict)
    )


def _found(tool: MofResult, strict: MofResult) -> Iterator[tuple[str, str, str, str, str, str]]:
    for was, now in zip(tool.standings, strict.standings, strict=True):
        name = was.component.name
        if was.status != now.status:
            repair, detail = _why(was, now, strict)
            yield name, was.status, now.status, repair, "status", detail
        elif was.suits != now.suits:
            yield (
                name,
                _warning(was.suits),
                _warning(now.suits),
                "type-lists",
                "warning",
                now.licence,
            )
    for level, name in ((0, "class I"), (1, "class II")):
        was_share, now_share = tool.progress[level], strict.progress[level]
        if was_share == 0 != now_share:
            rounded = f"{round(now_share)} %"
            yield name, "0 %", rounded, "additive-progress", "progress", f"{now_share} percent"


def _why(was: Standing, now: Standing, strict: MofResult) -> tuple[str, str]:
    """Return the repair behind a change of status, and what it saw."""
    if was.written != now.written or now.status == "missing":
        return "unknown-component", ", ".join(f"`{name}`" for name in strict.strangers)
    if now.licence != now.written:
        return "alias", f"`{now.written}` is `{now.licence}`"
    return "open-list", f"`{now.licence}`"


def _warning(suits: bool) -> str:
    return "suits the kind" if suits else "warned: another kind"
