"""The pages: values in, HTML out, nothing else.

Everything that comes from a case, a card or a request is hostile text: Jinja escapes
all of it, nothing is rendered as markup, and no URL from it becomes a link.
"""

import hashlib
import re
import shlex
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined

from openweir.decision import REASONS, Decision, Status
from openweir.hub import Check
from openweir.hub.access.form import Field
from openweir.hub.access.rules import GateRules, facts
from openweir.hub.access.statistics import GateStatistics
from openweir.hub.access.terms import terms
from openweir.hub.grants import Statistics
from openweir.tier import Tier
from openweir.web import view, words

__all__ = [
    "HEADERS",
    "Provenance",
    "Row",
    "Signer",
    "device_page",
    "gate_page",
    "missing_page",
    "register_page",
    "release_page",
    "request_page",
    "style",
    "style_path",
]

_CODE = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}")
# No script, no frame, nothing from elsewhere: hostile text that slipped through stays text.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One release in the register of releases."""

    name: str
    tier: Tier
    valid_until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed: the name and role the hub trusts the key under, and the key's id."""

    name: str
    role: str
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What ties the page to signed statements.

    Attributes:
        decision_sha256: of `decision.json`.
        checks: each check the hub made, with its sentence.
        log_origin, log_index: where the signed decision stands in the public log.
        statements: names of the statement files anyone may fetch.
    """

    decision_sha256: str
    checks: tuple[Check, ...] = ()
    signers: tuple[Signer, ...] = ()
    log_origin: str | None = None
    log_index: int | None = None
    statements: tuple[str, ...] = ()


def register_page(rows: tuple[Row, ...], *, origin: str) -> str:
    """Return the front page: every release that is not sealed.

    Args:
        rows: in the order to show.
        origin: the hub's own address without a final slash.
    """
    return _page("register.html", rows=rows, origin=origin, tiers=words.TIERS)


def release_page(
    decision: Decision,
    *,
    state: str,
    halted: str = "",
    commit: str,
    provenance: Provenance,
    statistics: Statistics,
    origin: str,
) -> str:
    """Return the page of one release.

    Args:
        decision: the decision in force, or the last one.
        state: where the release stands: `released`, `halted` or `expired`.
        halted: why it is halted; empty if it is not.
        commit: the revision the hub serves, 40 hexadecimal digits.
        provenance: signatures, log place and the hub's checks.
        statistics: counts of access requests.
        origin: the hub's own address without a final slash.
    """
    address = f"{origin}/{decision.name}"
    served = tuple(
        component
        for component in decision.components
        if component.files and min(component.tier, decision.effective_tier).weights_leave
    )
    return _page(
        "release.html",
        decision=decision,
        words=words.TIERS[decision.effective_tier],
        ladder=view.ladder(decision),
        groups=view.groups(decision),
        missing=view.missing(decision),
        served=served,
        size=sum(file.size for component in served for file in component.files),
        files=sum(len(component.files) for component in served),
        commit=commit,
        provenance=provenance,
        statistics=statistics,
        origin=origin,
        state=state,
        halted=halted,
        meaning=words.STATES.get(state, ""),
        gated=_has_gate(decision),
        verify=shlex.join(["openweir", "verify", address]),
        download=f"HF_ENDPOINT={shlex.quote(origin)} "
        + shlex.join(["hf", "download", decision.name, "--revision", commit]),
    )


def device_page(*, code: str, origin: str) -> str:
    """Return the page that turns a device's code into the command that lets it in.

    Args:
        code: as typed or linked so far; shown only if it has the form of a code.
        origin: the hub's own address without a final slash.
    """
    stated = code.strip().upper()
    known = stated if _CODE.fullmatch(stated) else ""
    command = ("openweir", "access", "login", known or "CODE", "--hub", origin)
    return _page("device.html", code=known, origin=origin, command=shlex.join(command))


def request_page(
    decision: Decision, *, purpose: str, origin: str, fields: tuple[Field, ...] = ()
) -> str:
    """Return the page that turns a purpose into the command that sends it.

    Args:
        decision: the decision in force.
        purpose: as typed so far; empty at first.
        origin: the hub's own address without a final slash.
        fields: of the gate's form, whose answers the command takes too.
    """
    stated = purpose.strip() or "what you want to do with it, in a sentence"
    return _page(
        "request.html",
        decision=decision,
        words=words.TIERS[decision.effective_tier],
        gated=_has_gate(decision),
        purpose=purpose.strip(),
        origin=origin,
        command=shlex.join(
            (
                *("openweir", "access", "request", decision.name, "--hub", origin),
                *("--purpose", " ".join(stated.split())),
                *(
                    word
                    for field in fields
                    for word in (
                        "--field",
                        f"{field.name}={'true' if field.type == 'checkbox' else 'ANSWER'}",
                    )
                ),
            )
        ),
        endpoint=f"HF_ENDPOINT={shlex.quote(origin)}",
        download=shlex.join(["hf", "download", decision.name]),
    )


def gate_page(
    name: str,
    *,
    gated: bool,
    rules: GateRules,
    statistics: GateStatistics,
    origin: str,
) -> str:
    """Return the page of a gate: what it asks, and how it was used; nobody's name.

    Args:
        name: of the release.
        gated: whether anything of it takes a grant.
        rules: as published.
        statistics: its numbers.
        origin: the hub's own address without a final slash.
    """
    known = terms()
    return _page(
        "gate.html",
        release=name,
        gated=gated,
        rules=rules,
        purposes=tuple(known[one] for one in rules.purposes),
        conditions=tuple(known[one] for one in rules.conditions),
        level=words.LEVELS[rules.level],
        facts=tuple((words.FACTS[key], fact) for key, fact in facts(rules).items()),
        statistics=statistics,
        rate=words.rate(statistics.acceptance),
        median=words.lasting(statistics.median_seconds),
        origin=origin,
        command=shlex.join(
            ("openweir", "access", "request", name, "--hub", origin, "--purpose", "TEXT")
        ),
    )


def missing_page(*, origin: str) -> str:
    """Return the page for what is not there, the same for sealed and unknown releases."""
    return _page("missing.html", origin=origin)


@cache
def style() -> bytes:
    """Return the one style sheet."""
    return resources.files("openweir.web").joinpath("static/openweir.css").read_bytes()


@cache
def style_path() -> str:
    """Return where the style sheet is served; its digest is in the name, so it may be cached."""
    return f"/openweir/page-{hashlib.sha256(style()).hexdigest()[:16]}.css"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("openweir.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["day"] = words.day
    environment.filters["short"] = words.short
    environment.filters["bytes"] = _size
    environment.filters["gloss"] = _gloss
    environment.globals["style_path"] = style_path()
    environment.globals["statuses"] = words.STATUSES
    environment.tests["demonstrated"] = lambda status: status is Status.DEMONSTRATED
    return environment


def _has_gate(decision: Decision) -> bool:
    """Whether some file takes a grant; an open release may hold one component back that far."""
    tiers = {min(part.tier, decision.effective_tier) for part in decision.components if part.files}
    return Tier.GATED_WEIGHTS in tiers


def _page(name: str, **values: object) -> str:
    return _templates().get_template(name).render(**values)


def _gloss(reason: str) -> str:
    """Say a reason of one word in plain words; empty where it says more itself."""
    return REASONS.get(reason, "")


def _size(count: int) -> str:
    """Write a number of bytes in the largest unit that keeps three digits: `12.4 GB`."""
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if count >= 10**power:
            tenths = count * 10 // 10**power
            return f"{tenths // 10}.{tenths % 10} {unit}"
    return f"{count} B"
