"""What is due after a decision."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions import EVIDENCE_SHA256, decision
from openweir.evidence import (
    Access,
    Attack,
    Bound,
    Conduct,
    Evidence,
    Independence,
    Method,
    Result,
    Rung,
    Source,
)
from openweir.tier import Tier
from openweir.watch import due, levers

EVIDENCE = Evidence(
    trial="one",
    claim="bio.uplift",
    evaluation="PE2",
    subject_sha256="dd" * 32,
    binding="log",
    attack=Attack(rung=Rung.A2),
    result=Result(
        events=0,
        n=300,
        unscored=0,
        bound=Bound(
            lower=Decimal(0),
            upper=Decimal("0.012221"),
            confidence=Decimal("0.95"),
            method="clopper-pearson",
        ),
    ),
    conduct=Conduct(evaluator="lab", independence=Independence.THIRD_PARTY, access=Access.AL2),
    method=Method(
        source=Source.LOG,
        tool="inspect_ai",
        tool_version="0.3.285",
        task="velmar_uplift",
        task_version="1",
        metric="accuracy",
        model="tiny",
        log_sha256="ab" * 32,
        reference=None,
        certainty="read",
    ),
    produced_on="2026-11-01",
)


def kinds(as_of, **rest):
    """The kinds of what is due on a day."""
    return [trigger.kind for trigger in due(decision(), as_of=as_of, **rest)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 20), []),
        (date(2027, 1, 29), []),
        (date(2027, 1, 30), ["expiring"]),
        (date(2027, 3, 1), ["expiring"]),
        (date(2027, 3, 2), ["expired"]),
        (date(2027, 5, 18), ["expired"]),
        (date(2027, 5, 19), ["expired", "review"]),
    ],
)
def test_days(day, expected):
    """A decision is told 30 days before its end, ends after its last day, and is reviewed."""
    assert kinds(day) == expected


def test_the_oldest_evidence_is_named():
    """When evidence ends before the review, the trial to repeat is named."""
    (trigger,) = due(decision(), evidence=((EVIDENCE_SHA256, EVIDENCE),), as_of=date(2027, 2, 20))
    assert trigger.sentence.endswith("the oldest evidence it rests on is `one` of 2026-11-01")
    assert trigger.next_step == "repeat the oldest trial, then openweir decide CASE"


def test_a_changed_case_is_told():
    """A file that changed, went away or came is a reason to decide again."""
    same = decision().inputs
    assert kinds(date(2026, 12, 1), inputs=same) == []
    assert kinds(date(2026, 12, 1), inputs=same[:1]) == ["changed"]
    assert kinds(date(2026, 12, 1), inputs=()) == ["changed"]
    assert kinds(date(2026, 12, 1), inputs=(*same, ("evidence/new.json", "0" * 64))) == ["changed"]


@given(st.integers(min_value=0, max_value=1000), st.integers(min_value=0, max_value=1000))
def test_what_is_due_stays_due(first, second):
    """Time alone never takes a trigger back, but an expiry to come becomes one that came."""
    early, late = sorted((first, second))
    begin = date(2026, 11, 20)
    before, after = kinds(begin + timedelta(days=early)), kinds(begin + timedelta(days=late))
    assert {"expired" if kind == "expiring" else kind for kind in before} <= {
        "expired" if kind == "expiring" else kind for kind in after
    }


@pytest.mark.parametrize("tier", list(Tier))
def test_levers_never_promise_copies_back(tier):
    """R3: every tier has something left to do, and none of it is called a recall."""
    words = " ".join(levers(tier))
    assert levers(tier)
    assert "recall" not in words
    if tier.irreversible:
        assert "revoke" not in words
        assert "advisory" in words
        assert "withdraw your endorsement" in words
