"""The words a trial is named with: its claim, its evaluation and its id.

A claim is `<domain>.<endpoint>`: what could go wrong, and which of its four sides
was measured. Evidence must carry more than one side, for a model that refuses
nothing may still know nothing, and the reverse (Source: DESIGN.md; evidence.md 0.3).
"""

import re

from openweir.errors import EvidenceError

__all__ = [
    "DOMAINS",
    "ENDPOINTS",
    "EVALUATIONS",
    "fewer_is_safer",
    "parse_claim",
    "parse_evaluation",
    "parse_trial_id",
    "slug",
]

DOMAINS = ("bio", "chem", "cyber", "autonomy", "misuse", "general", "other")
ENDPOINTS = ("willingness", "uplift", "capability", "safeguard")
EVALUATIONS = ("PE1", "PE2", "PE3", "PE4", "SYS")

# ASCII only: two ids that look the same are the same, and an id is a safe file name.
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_OTHER = re.compile(r"other\.[a-z0-9][a-z0-9-]{0,57}", re.ASCII)


def parse_claim(word: str, *, where: str = "") -> str:
    """Return `word` if it is a claim: `bio.capability`, or `other.<anything>`.

    Raises:
        EvidenceError: it is not.
    """
    domain, _, endpoint = word.partition(".")
    if domain in DOMAINS and (endpoint in ENDPOINTS or _OTHER.fullmatch(word)):
        return word
    raise EvidenceError(
        f"`{word[:80]}` is not a claim",
        code="claim",
        where=where,
        hint=f"write <domain>.<endpoint>: one of {', '.join(DOMAINS)}"
        f" with one of {', '.join(ENDPOINTS)}, such as bio.capability",
    )


def fewer_is_safer(claim: str) -> bool:
    """Whether fewer events are the safer outcome: so for all but safeguards that held."""
    return not claim.endswith(".safeguard")


def parse_evaluation(word: str, *, where: str = "") -> str:
    """Return `word` if it is `PE1` to `PE4` or `SYS`.

    Source: RAND, arXiv 2606.19890 (PE1-PE4); `SYS` is the whole system with safeguards.

    Raises:
        EvidenceError: it is not.
    """
    if word in EVALUATIONS:
        return word
    raise EvidenceError(
        f"`{word[:80]}` is not a kind of evaluation",
        code="evaluation",
        where=where,
        hint="PE1 without safeguards, PE2 after modification, PE3 after amplification, "
        "PE4 proxy worst case, SYS whole system with safeguards",
    )


def parse_trial_id(word: str, *, where: str = "") -> str:
    """Return `word` if it can name a trial and its file.

    Raises:
        EvidenceError: it cannot.
    """
    if _ID.fullmatch(word) and ".." not in word:
        return word
    raise EvidenceError(
        f"`{word[:80]}` cannot be a trial's id",
        code="trial-id",
        where=where,
        hint="1 to 64 of a-z, 0-9, dot, dash and underscore, starting with a letter or digit",
    )


def slug(name: str) -> str:
    """Turn a task's name into words for an id or a claim: `Inspect/WMDP_bio` to `inspect-wmdp-bio`.

    Returns `task` for a name without a single ASCII letter or digit.
    """
    words = re.findall(r"[a-z0-9]+", name.lower(), re.ASCII)
    return "-".join(words)[:58].strip("-") or "task"
