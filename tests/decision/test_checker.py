"""The independent checker accepts what the engine makes and refuses what somebody changed."""

import ast
import random
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings

import decision_cases as cases
import decision_strategies as given_by
from openweir import digest
from openweir.canonical import compact
from openweir.decision import checker, decide
from openweir.desk.pack import load_pack
from openweir.tier import Tier

AS_OF = date(2026, 6, 1)
POLICY = load_pack()
MIXED = cases.case(items=cases.EVIDENCE[:-1])


def decisions():
    """Return decisions of every kind under the shipped pack."""
    return [
        decide(found, POLICY, AS_OF).to_json()
        for found in (
            cases.case(),
            MIXED,
            cases.case({}, ()),
            cases.case(hold=Tier.PUBLIC_HOSTED),
            cases.case(items=(cases.evidence("t", "bio.uplift", "PE2", "A2", events=99),)),
        )
    ]


def places(value, path=()):
    """Yield the path of every single field of a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in items:
        if isinstance(child, (dict, list)):
            yield from places(child, (*path, key))
        else:
            yield (*path, key)


def changed(old, number):
    """Return something else of the same kind."""
    if isinstance(old, bool):
        return not old
    if isinstance(old, int):
        return old + number
    if old is None:
        return "0" * 64
    if old in {tier.word for tier in Tier}:
        return next(tier.word for tier in Tier if tier.word != old)
    if old in ("demonstrated", "refuted", "undetermined"):
        return "demonstrated" if old != "demonstrated" else "undetermined"
    new = {1: old + "0", 2: "9" + old[1:] if old[:1] != "9" else "0", 3: ""}[number]
    return new if new != old else old + "x"


@contextmanager
def tampered(document, path, number):
    """Change one field for a while."""
    at = _at(document, path[:-1])
    old = at[path[-1]]
    at[path[-1]] = changed(old, number)
    yield
    at[path[-1]] = old


def sealed(document):
    """Return the document with its own digest made right again, as a forger would."""
    rest = {key: value for key, value in document.items() if key != "content_sha256"}
    return {**rest, "content_sha256": digest.sha256(compact(rest))}


def accepted(document):
    """Whether the checker accepts a document."""
    try:
        checker.check(document)
    except (checker.Refused, ArithmeticError, LookupError, TypeError, ValueError, AttributeError):
        return False
    return True


def _at(value, path):
    for key in path:
        value = value[key]
    return value


@settings(max_examples=150, deadline=None)
@given(given_by.generated_cases(), given_by.policies())
def test_every_honest_decision_is_accepted(case, policy):
    """Law 9: grounds, written apart from the judge, lead to the judge's own answer."""
    found = decide(case, policy, given_by.AS_OF)
    assert checker.read(found.to_bytes()) == found.tier.word


def test_honest_decisions_under_the_shipped_pack_are_accepted():
    """Full, empty, held, refuted and undetermined ones."""
    for document in decisions():
        assert accepted(document)


def test_a_thousand_changes_of_one_field_are_refused():
    """1,000 of 1,000: whatever single field is changed, anywhere in the file."""
    chosen = random.Random(976)
    documents = decisions()
    fields = [list(places(document)) for document in documents]
    refused = 0
    for number in range(1_000):
        index = number % len(documents)
        with tampered(documents[index], chosen.choice(fields[index]), chosen.choice((1, 2, 3))):
            refused += not accepted(documents[index])
    assert refused == 1_000
    assert all(accepted(document) for document in documents)


DECISIVE = {
    *("tier", "effective_tier", "status", "valid_until", "threshold", "ground", "blocking"),
    *("open_sets", "kind", "evidence"),
}


def test_a_forger_who_mends_the_digest_cannot_change_what_follows():
    """Tiers, statuses, days, thresholds, evidence and sets: refused by recomputing alone."""
    chosen = random.Random(977)
    documents = decisions()
    decisive = [
        [
            path
            for path in places(document)
            if DECISIVE & set(path) and not {"inputs", "grounds", "signers"} & set(path)
        ]
        for document in documents
    ]
    for number in range(1_000):
        index = number % len(documents)
        path = chosen.choice(decisive[index])
        with tampered(documents[index], path, chosen.choice((1, 2, 3))):
            assert not accepted(sealed(documents[index])), path


def test_a_forger_cannot_flip_a_comparison_and_keep_the_answer():
    """Every bound that decides a leaf is seen when it passes its limit."""
    document = decide(cases.case(), POLICY, AS_OF).to_json()
    flipped = 0
    for ground in document["grounds"]:
        before = checker._holds_until(ground["shows"], AS_OF)
        for path in list(places(ground["shows"])):
            if path[-1] != 1 or "bound" not in _at(ground["shows"], path[:-1])[0]:
                continue
            comparison = _at(ground["shows"], path[:-1])
            old, comparison[1] = comparison[1], "0.5"
            if checker._holds_until(ground["shows"], AS_OF) != before:
                flipped += 1
                assert not accepted(sealed(document))
            comparison[1] = old
    assert flipped > 10


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b'{"schema": 1}', b"[" * 100_000, b"null", b'"x"']
)
def test_hostile_files_are_refused_without_a_traceback(data):
    """Whatever the bytes, the answer is a refusal."""
    with pytest.raises(checker.Refused):
        checker.read(data)


def test_the_checker_is_short_and_stands_alone(tmp_path):
    """At most 200 lines, only the standard library, and it runs as a script."""
    path = Path(checker.__file__)
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 200
    imported = {
        name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported <= set(sys.stdlib_module_names)
    honest = tmp_path / "decision.json"
    honest.write_bytes(decide(cases.case(), POLICY, AS_OF).to_bytes())
    run = [sys.executable, "-I", "-S", str(path)]
    done = subprocess.run([*run, str(honest)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "accepted: fully-open\n")
    honest.write_bytes(honest.read_bytes().replace(b"fully-open", b"open-weights", 1))
    done = subprocess.run([*run, str(honest)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("refused: ")


def test_a_decision_of_a_policy_that_ends_is_accepted():
    """The last day of the policy bounds the decision, and the checker knows it."""
    policy = replace(POLICY, effective_to=date(2026, 6, 20))
    found = decide(cases.case(), policy, AS_OF)
    assert found.valid_until == date(2026, 6, 20)
    assert checker.read(found.to_bytes()) == "fully-open"
