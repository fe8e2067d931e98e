"""The form of a pack: every section and key, what it holds and what it means.

The reader refuses what is not in this table, and the JSON Schema and the reference page
are made from it, so the three cannot drift apart.
"""

from typing import NamedTuple

__all__ = ["ATOMS", "FORMULA_KEYS", "NOTE", "SECTIONS", "Key", "Section", "keys_of"]

FORMULA_KEYS = ("all", "any", "at-least", "of", "use", "fact", "component", "claim")


class Key(NamedTuple):
    """One key of a table.

    Attributes:
        kind: `text`, `id`, `day`, `digest`, `flag`, `proportion`, `tier`, `formula`,
            `source`, `signers`, `count` (a whole number from 1), `breach`, `value` (a literal
            or a ladder cell), or a word list: `certainties`, `roles`, `words`, ...
        needed: whether it must be there.
    """

    name: str
    kind: str
    needed: bool
    meaning: str


class Section(NamedTuple):
    """One kind of table.

    Attributes:
        shape: `one` table, a `list` of tables, or tables by `name`.
        formula: whether the keys of a formula stand beside the others.
    """

    shape: str
    meaning: str
    keys: tuple[Key, ...]
    formula: bool = False


_ID = Key("id", "id", True, "Its name: up to 64 letters, digits, `-` and `.`.")
_TEXT = Key("text", "text", True, "One plain sentence.")
_SOURCE = Key("source", "source", True, "`doc`, `locator` and `quote`, word for word.")
_SIGNATURES = Key("signatures", "count", True, "How many distinct people, each in another role.")
_ROLES = Key("roles", "roles", True, "The roles that count.")

SECTIONS: dict[str, Section] = {
    "policy": Section(
        "one",
        "Who says this, which version, and when it may decide.",
        (
            _ID,
            Key("version", "text", True, "The version's name; the digest is what binds."),
            Key("issuer", "text", True, "Who answers for the pack."),
            Key("language", "count", True, "Version of this form: 1."),
            Key("jurisdiction", "text", False, "Where it applies; everywhere when absent."),
            Key("effective-from", "day", True, "First day on which it may decide."),
            Key("effective-to", "day", False, "Last day on which it may decide."),
            Key("supersedes", "digest", False, "dirHash of the version before."),
            Key("review-days", "count", True, "A decision is looked at again after so many days."),
            Key("accepted-certainty", "certainties", True, "Which certainties of facts count."),
        ),
    ),
    "tiers": Section(
        "name",
        "What holds of a tier itself, by the tier's word.",
        (
            Key("reversible", "flag", True, "Whether access can be withdrawn again."),
            Key(
                "margin",
                "proportion",
                False,
                "How much stricter every limit on a claim is here; only where not reversible.",
            ),
            Key("closed", "flag", False, "The pack means nobody to reach this tier, yet."),
        ),
    ),
    "document": Section(
        "list",
        "A source the rules quote, pinned by digest.",
        (
            _ID,
            Key("path", "text", True, "Where it lies, below `sources/`."),
            Key("sha256", "digest", True, "Its SHA-256; another text does not load."),
        ),
    ),
    "claims": Section(
        "name",
        "A quantity that evidence bounds, by `domain.endpoint`.",
        (
            Key("direction", "directions", True, "Which end of the interval is the dangerous one."),
            Key("unit", "units", True, "`proportion`."),
            Key("confidence", "proportion", True, "Of the interval, at least."),
            _TEXT,
        ),
    ),
    "licence-sets": Section("sets", "Names for lists of licences.", ()),
    "definition": Section("list", "A formula with a name, for `use`.", (_ID, _TEXT), formula=True),
    "requirement": Section(
        "list",
        "One rule. It is asked once for each tier whose ladder cells it names are filled, "
        "or from `from-tier` on; every more open tier asks it too.",
        (
            _ID,
            Key("from-tier", "tier", False, "First tier that asks, where no ladder says so."),
            _TEXT,
            _SOURCE,
            Key("hard-stop", "flag", False, "No override passes it while it is not met."),
        ),
        formula=True,
    ),
    "exception": Section(
        "list",
        "One more way to meet a requirement, which somebody must grant and sign for.",
        (
            _ID,
            Key("requirement", "text", True, "The rule it belongs to; no hard stop."),
            Key("priority", "count", True, "Which goes first; no two of a rule share one."),
            Key("up-to", "tier", False, "The most open tier it helps to reach."),
            _TEXT,
            _SOURCE,
            Key("authority", "signers", True, "`signatures` and `roles` of those who may grant."),
        ),
        formula=True,
    ),
    "invariant": Section(
        "list",
        "A never-statement: it must follow from the rules, and changes no decision.",
        (
            _ID,
            _TEXT,
            Key("never", "tier", True, "This tier or a more open one is never reached ..."),
            Key("unless", "formula", True, "... unless this is demonstrated."),
        ),
    ),
    "obligation": Section(
        "list",
        "What somebody must do once a release is out; a breach can only lower.",
        (
            _ID,
            Key("from-tier", "tier", True, "The first tier at which it binds."),
            Key("bearer", "text", True, "Who must do it."),
            Key("act", "text", True, "What must be done."),
            Key("trigger", "triggers", True, "What sets the deadline running."),
            Key("deadline-days", "count", True, "Days from the trigger."),
            Key("discharge", "text", True, "What shows that it was done."),
            Key("breach", "breach", True, "`revisit`, or the most open tier while it lasts."),
            _SOURCE,
        ),
    ),
    "approval": Section(
        "list",
        "Who signs a decision for a tier or a more open one.",
        (
            Key("from-tier", "tier", True, "From which tier on; the first is `sealed`."),
            _SIGNATURES,
            _ROLES,
            Key("light", "light", False, "`use`, `signatures`, `roles`: less, for a light track."),
        ),
    ),
    "override-authority": Section(
        "list",
        "Who may lift a release by one tier; never past a hard stop.",
        (
            Key("up-to", "tier", True, "The most open tier that can be lifted to."),
            Key("signatures", "count", True, "At least 2, each in another role."),
            Key("roles", "roles", True, "The roles that count; never the evaluator."),
            Key("days", "count", True, "An override ends after so many days, at most 183."),
        ),
    ),
    "alternative": Section(
        "list",
        "Another way to give access while a tier is not reached.",
        (Key("for-tier", "tier", True, "The tier that is not reached."), _TEXT),
    ),
}
"""Every section of `policy.toml`, in the order of the reference page."""

NOTE = Section(
    "one",
    "`loosenings.toml`: what this version asks less of than the one it supersedes.",
    (
        Key("supersedes", "digest", True, "The same digest as in `[policy]`."),
        Key("loosening", "loosenings", True, "`id` as `openweir policy diff` names it, and why."),
    ),
)
"""The note that goes with a version which loosens anything."""

ATOMS: dict[str, tuple[str, tuple[Key, ...]]] = {
    "fact": (
        "A fact of the dossier passes one test; every accepted statement counts.",
        (
            Key("fact", "predicates", True, "A word of the vocabulary of facts."),
            Key("known", "true", False, "It is stated."),
            Key("is", "words", False, "Every stated value is among these; a flag is yes or no."),
            Key("at-most", "number", False, "The whole interval is at most this."),
            Key("below", "number", False, "The whole interval is below this."),
            Key("at-least", "number", False, "The whole interval is at least this."),
            Key("above", "number", False, "The whole interval is above this."),
            Key("unit", "text", False, "Of the number; must be the fact's own."),
        ),
    ),
    "component": (
        "A component is released.",
        (
            Key("component", "components", True, "As the Model Openness Framework names it."),
            Key("licence", "text", False, "`known`, or the name of a licence set."),
        ),
    ),
    "claim": (
        "Evidence shows a claim, well enough and recently enough.",
        (
            Key("claim", "text", True, "A claim of the pack."),
            Key("at-most", "value", False, "The limit, where a high rate is the risk."),
            Key("at-least", "value", False, "The limit, where a low rate is the risk."),
            Key("evaluation", "evaluations", True, "Kinds of evaluation that can show it."),
            Key("rung", "value", True, "The weakest attack that can show it."),
            Key("assurance", "text", False, "A ladder row that sets the next three."),
            Key("independence", "value", False, "Of the evaluator, at least."),
            Key("access", "value", False, "Of the evaluator, at least."),
            Key("shelf-life-days", "value", False, "Days that the result keeps."),
            Key("confidence", "proportion", False, "Of the interval, above the claim's own."),
        ),
    ),
}
"""Every kind of leaf of a formula."""


def keys_of(section: str) -> tuple[str, ...]:
    """Return the keys that a section of `policy.toml` may hold, formula included."""
    form = SECTIONS[section]
    return (*(key.name for key in form.keys), *(FORMULA_KEYS if form.formula else ()))
