"""Views: each rule set's answer about a subject, side by side, never added up.

A view carries its verdict in words, the reasons, and plain values for JSON;
percentages and scores are exact fractions until a shell prints them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from openweir.dossier.openness.answers import Answers
from openweir.dossier.openness.difference import differences
from openweir.dossier.openness.exemption import Answer, exemption
from openweir.dossier.openness.label import label
from openweir.dossier.openness.mof import MofResult, class_release
from openweir.dossier.openness.mof_rules import MOT, STRICT, mof_rules
from openweir.dossier.openness.osai import OsaiResult, rank, score
from openweir.dossier.openness.osaid import Met, osaid
from openweir.dossier.openness.rule_set import rule_set
from openweir.dossier.openness.subject import Subject

__all__ = ["FORMS", "View", "summary", "views"]

_STANDS = {Met.MET: "is met", Met.NOT_MET: "is not met", Met.PERSON: "needs a person"}
FORMS = {
    "components": "a list of components with licences (MOT YAML, a case)",
    "judgements": "a system judged by the European Open Source AI Index",
    "table-2025": "the table of March 2025 of Opening up ChatGPT",
    "indicators": "a sheet of the transparency index",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one rule set says of one subject.

    Attributes:
        rules: name of the rule set.
        name, file: of the subject.
        applies: False where the rule set cannot be asked of this form.
        verdict: in a few words.
        reasons: what stands between the subject and the next better verdict.
        values: the rule set's own answer as plain values; numbers exact.
    """

    rules: str
    name: str
    file: str
    verdict: str
    applies: bool = True
    reasons: tuple[str, ...] = ()
    values: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


def views(
    subjects: Iterable[Subject], rules: str, answers: Answers | None = None
) -> tuple[View, ...]:
    """Ask one rule set about every subject; ranked where the rule set ranks.

    Args:
        subjects: to class.
        rules: name of the rule set.
        answers: what people answered; nothing by default.

    Raises:
        DossierError: no such rule set.
    """
    asked = rule_set(rules)
    subjects = tuple(subjects)
    fit = [subject for subject in subjects if subject.form in asked.reads]
    others = tuple(
        View(
            rules=rules,
            name=subject.name,
            file=subject.file,
            applies=False,
            verdict="not applicable",
            reasons=(f"it reads {_forms(asked.reads)}; this is {FORMS[subject.form]}",),
        )
        for subject in subjects
        if subject.form not in asked.reads
    )
    if rules in (MOT, STRICT):
        return tuple(_mof(subject, rules) for subject in fit) + others
    if rules in ("osai-12", "osai-14"):
        return _osai(fit, rules) + others
    if rules == "osaid-1.0":
        return tuple(_osaid(subject, answers or Answers()) for subject in fit) + others
    if rules == "eu-open-source-exemption":
        return tuple(_exemption(subject, answers or Answers()) for subject in fit) + others
    return tuple(_fmti(subject) for subject in fit) + others


def summary(found: Iterable[View], rules: str) -> dict[str, object]:
    """Return what a rule set says of many subjects: how often each verdict, what was repaired."""
    mine = [view for view in found if view.rules == rules and view.applies]
    counted: dict[str, object] = {
        "subjects": len(mine),
        "verdicts": dict(Counter(view.verdict for view in mine)),
    }
    if rules.startswith(("osai-12", "osai-14", "fmti")):
        del counted["verdicts"]
    if rules == STRICT:
        changed = [
            [row for row in _differences(view) if row["effect"] == "status"] for view in mine
        ]
        counted["models_changed"] = sum(map(bool, changed))
        counted["components_changed"] = sum(map(len, changed))
        counted["repairs"] = dict(Counter(row["rule"] for rows in changed for row in rows))
        names = Counter(view.name.lower() for view in mine)
        counted["same_name_but_for_case"] = sorted(
            view.name for view in mine if names[view.name.lower()] > 1
        )
    return counted


def _forms(reads: tuple[str, ...]) -> str:
    return " or ".join(FORMS[form] for form in reads)


def _mof(subject: Subject, rules: str) -> View:
    assert subject.release is not None
    result = class_release(subject.release, mof_rules(rules))
    values: dict[str, object] = {
        "class": result.number,
        "progress": {str(level): share for level, share in enumerate(result.progress, 1)},
        "not_type_appropriate": list(result.not_type_appropriate),
        "components": [
            {
                "id": found.component.identity,
                "name": found.component.name,
                "status": found.status,
                "licence": found.licence or None,
            }
            for found in result.standings
        ],
        "not_components": list(result.strangers),
    }
    if rules == STRICT:
        tool = class_release(subject.release, mof_rules(MOT))
        values["differences"] = [
            {
                "component": found.subject,
                "was": found.was,
                "now": found.now,
                "rule": found.repair,
                "effect": found.effect,
                "detail": found.detail,
                "reason": found.reason,
            }
            for found in differences(tool, result)
        ]
    return View(
        rules=rules,
        name=subject.name,
        file=subject.file,
        verdict=result.label,
        reasons=_blocking(result),
        values=values,
    )


def _blocking(result: MofResult) -> tuple[str, ...]:
    """Return what stands between a release and the next class, then the warnings."""
    wanted = (result.number or 4) - 1
    found = []
    if wanted:
        paper = any(
            standing.component.name == "Research paper" and standing.status == "included"
            for standing in result.standings
        )
        for standing in result.standings:
            component = standing.component
            needed = component.required and component.first_class >= wanted
            if standing.status == "included" or not needed:
                continue
            if component.name == "Technical report" and paper:
                continue
            licence = f" ({standing.licence})" if standing.status == "invalid" else ""
            found.append(f"{component.name}: {standing.status}{licence}")
    if result.not_type_appropriate:
        found.append(f"{len(result.not_type_appropriate)} under a licence for another kind")
    if result.strangers:
        found.append("no components of the framework: " + ", ".join(result.strangers))
    return tuple(found)


def _osai(subjects: Iterable[Subject], rules: str) -> tuple[View, ...]:
    results = [score(subject.system, rules) for subject in subjects if subject.system is not None]
    return tuple(_ranked(result, place) for place, result in enumerate(rank(results), 1))


def _ranked(result: OsaiResult, place: int) -> View:
    system = result.system
    return View(
        rules=result.rules,
        name=system.name,
        file=system.file,
        verdict=_thousandths(result.score),
        reasons=tuple(f"{name}: {judged or 'not judged'}" for name, judged in result.lacking),
        values={
            "score": result.score,
            "rank": place,
            "categories": dict(result.categories),
            "types": list(system.types),
            "licence": system.licence or None,
        },
    )


def _thousandths(share: Fraction) -> str:
    whole, part = divmod(round(share * 1000), 1000)
    return f"{whole}.{part:03}"


def _osaid(subject: Subject, answers: Answers) -> View:
    assert subject.holding is not None
    result = osaid(subject.holding, answers.judgements)
    called = label(subject.holding, result)
    return View(
        rules="osaid-1.0",
        name=subject.name,
        file=subject.file,
        verdict=result.verdict.value,
        reasons=tuple(
            f"{element.identity} {_STANDS[element.met]}: {element.reason}"
            for element in result.elements
            if element.met is not Met.MET
        ),
        values={
            "elements": [
                {
                    "element": element.identity,
                    "asks": element.text,
                    "answer": element.met.value,
                    "reason": element.reason,
                }
                for element in result.elements
            ],
            "may_be_called": called.words,
            "open_source_refused": list(called.reasons),
        },
    )


def _exemption(subject: Subject, answers: Answers) -> View:
    assert subject.holding is not None
    result = exemption(subject.holding, answers.channel)
    return View(
        rules="eu-open-source-exemption",
        name=subject.name,
        file=subject.file,
        verdict=result.answer.value,
        reasons=tuple(
            f"para {found.paragraph} {found.answer.value}: {found.reason}"
            for found in result.findings
            if found.answer is not Answer.YES
        ),
        values={
            "licence": result.licence.value,
            "findings": [
                {
                    "paragraph": found.paragraph,
                    "answer": found.answer.value,
                    "reason": found.reason,
                }
                for found in result.findings
            ],
            "still_owed": list(result.owed),
        },
    )


def _fmti(subject: Subject) -> View:
    sheet = subject.sheet
    assert sheet is not None
    edition = "" if sheet.edition else "indicators of another edition"
    return View(
        rules="fmti-2025",
        name=subject.name,
        file=subject.file,
        verdict=f"{sheet.total} of {sheet.asked}",
        reasons=(*((edition,) if edition else ()), f"{len(sheet.undisclosed)} not disclosed"),
        values={
            "score": sheet.total,
            "asked": sheet.asked,
            "edition": sheet.edition or None,
            "domains": {name: {"score": has, "asked": of} for name, has, of in sheet.domains},
            "undisclosed": list(sheet.undisclosed),
            "stated_total": sheet.stated,
        },
    )


def _differences(view: View) -> list[dict[str, str]]:
    found = view.values.get("differences")
    return found if isinstance(found, list) else []
