"""The plan in the signed decision: nobody opens the release by another; measurements halt."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from hub.stages.test_stages import GOOD, OURS, Staged, plan_json
from hub_served import Served
from hub_world import Signed, World
from openweir.attest import Envelope, Key, TrustedKey
from openweir.hub import schema
from openweir.hub.schema import stage_measures
from openweir.hub.stages.measure import Measure, measure_statement
from openweir.tier import Tier

MEASURES = OURS.replace("stages", "measures")
LOOSER = {"id": "public", "approvers": {"signatures": 2}}
BYPASS = {"trigger": "safeguard-bypass", "measure": "bypasses", "at_least": "1"}


def with_plan(world: World, plan: dict, **options) -> Signed:
    """A signed release whose decision names this plan."""
    data = json.dumps(plan).encode()
    statements = {"stages.json": data}
    return world.release(tier=Tier.OPEN_WEIGHTS, statements=statements, **options)


class Bound(Staged):
    """A release whose signed decision names its plan."""

    def __init__(self, root: Path, **changes: object) -> None:
        """Publish the plan with the release, and grant."""
        self.served = served = Served(World(root / "world"), root)
        people = {"dee": "developer", "eva": "evaluator", "ray": "reviewer", "bot": "hub"}
        self.keys = {name: Key.generate() for name in people}
        trust = served.world.trust
        for name, role in people.items():
            trust = trust.with_key(TrustedKey(name=name, role=role, key=self.keys[name].public))
        served.trust = trust
        whole = served.world.decide(tier=Tier.OPEN_WEIGHTS).release_sha256
        self.plan = plan_json(whole)
        for stage in self.plan["stages"]:
            stage.update(changes)
        signed = with_plan(served.world, self.plan)
        self.decision = signed.decision
        answer = served.publish(signed)
        assert answer.is_success, answer.text
        for user, cohort in (("granted", "evaluators"), ("pending", "researchers")):
            body = json.dumps({"user": user, "cohort": cohort})
            assert self.call("POST", OURS.replace("stages", "grants"), body).is_success

    def standing(self):
        """Where it stands, by the plan of its decision."""
        hub = self.served.hub
        plan = hub.known("acme/small").plan
        assert plan is not None
        return hub.stages.standing("acme/small", trust=hub.trust(), at=self.served.now, bound=plan)

    def measure(self, *people: str, hours_old: int = 0, signed_later: int = 0, **values: str):
        """Report measurements, signed."""
        plan, now = self.standing().plan, self.served.now
        at = now - timedelta(hours=hours_old)
        statement = measure_statement(
            "acme/small",
            release_sha256=plan.release_sha256,
            plan_sha256=plan.sha256,
            measures={name: Measure(value=Decimal(text), at=at) for name, text in values.items()},
            at=now + timedelta(hours=signed_later),
        )
        envelope = Envelope(payload=statement.to_bytes(), signatures=())
        for person in people:
            envelope = envelope.with_signature(self.keys[person])
        return self.call("POST", MEASURES, envelope.to_bytes().decode())

    def reads_anew(self, *, served: bool) -> None:
        """What a hub that has verified nothing yet makes of the release."""
        other = self.served.another()
        assert (other.known("acme/small") is not None) == served
        other.close()
        # The one that verified it before still goes by the plan it verified.
        assert self.status(None) == (401, "GatedRepo")


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[Bound]:
    """A release under the plan that its decision names."""
    found = Bound(tmp_path, halt=["weights-leak", BYPASS])
    yield found
    found.served.close()


class TestBinding:
    """What was signed is what opens."""

    def test_nothing_opens_before_the_first_step(self, bound: Bound) -> None:
        """An open-weights decision with a plan serves nobody until its first step."""
        assert bound.status(None) == (401, "GatedRepo")
        assert bound.status("granted") == (404, "RevisionNotFound")
        assert bound.advance("dee").is_success
        assert bound.status("granted")[0] == 200
        told = bound.served.client.get("/openweir/acme/small/stages.json").json()
        assert (told["bound"], told["stage"], told["lapsed"]) == (True, "evaluators", False)

    def test_the_owner_cannot_put_another_in_its_place(self, bound: Bound) -> None:
        """409 that says what a change takes."""
        looser = {**bound.plan, "stages": [LOOSER]}
        answer = bound.call("PUT", OURS, json.dumps(looser))
        assert answer.status_code == 409
        assert "names its plan" in answer.json()["error"]
        assert "another decision" in answer.json()["error"]

    def test_nor_can_who_writes_into_the_database(self, bound: Bound) -> None:
        """A looser plan in the database, or no steps at all, opens nothing."""
        looser = json.dumps({**bound.plan, "stages": [LOOSER]})
        with bound.served.hub.store.begin() as connection:
            row = {"name": "acme/small", "plan": looser, "by": "x", "at": "2026-11-20T12:00:00Z"}
            connection.execute(insert(schema.stage_plans).values(**row))
        assert bound.status(None) == (401, "GatedRepo")
        assert bound.standing().plan.stages[0].id == "evaluators"

    def test_nor_by_hiding_the_plan(self, bound: Bound) -> None:
        """Without the plan's own bytes the release is not served at all."""
        table = schema.release_files
        with bound.served.hub.store.begin() as connection:
            connection.execute(delete(table).where(table.c.path == ".openweir/stages.json"))
        bound.reads_anew(served=False)

    def test_nor_by_altering_it(self, bound: Bound) -> None:
        """One flipped byte closes the release."""
        digest = dict(bound.decision.inputs)["stages.json"]
        bound.reads_anew(served=True)
        bound.served.flip(digest, 30)
        bound.reads_anew(served=False)

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda signed: replace(signed, statements={}), "did not come with it"),
            (
                lambda signed: replace(signed, statements={"stages.json": b"{}"}),
                "not the one the decision was made from",
            ),
        ],
    )
    def test_publishing_takes_the_plan_along(self, tmp_path: Path, spoil, said: str) -> None:
        """A decision that names a plan is not published without it, or with another."""
        served = Served(World(tmp_path / "world"), tmp_path)
        whole = served.world.decide(tier=Tier.OPEN_WEIGHTS).release_sha256
        answer = served.publish(spoil(with_plan(served.world, plan_json(whole))))
        served.close()
        assert (answer.status_code, said in answer.json()["error"]) == (422, True)

    def test_a_plan_of_other_bytes_is_refused(self, tmp_path: Path) -> None:
        """A signed plan about another release is nobody's way to open this one."""
        served = Served(World(tmp_path / "world"), tmp_path)
        answer = served.publish(with_plan(served.world, plan_json("0" * 64)))
        served.close()
        assert answer.status_code == 400
        assert "about another release" in answer.json()["error"]

    def test_a_new_decision_changes_the_plan(self, bound: Bound) -> None:
        """Steps of the plan before open nothing under the new one, and do not block its own."""
        assert bound.advance("dee").is_success
        changed = {**bound.plan, "stages": bound.plan["stages"][1:]}
        newer = with_plan(bound.served.world, changed, cost="another plan")
        assert bound.served.publish(newer).is_success
        assert bound.standing().step is None
        assert bound.status("granted") == (404, "RevisionNotFound")
        assert bound.advance("dee", "eva").is_success
        assert bound.standing().step.to == "researchers"
        assert bound.status("pending")[0] == 200

    def test_the_same_plan_goes_on(self, bound: Bound) -> None:
        """Deciding anew under the same plan keeps the stage that was reached."""
        assert bound.advance("dee").is_success
        newer = with_plan(bound.served.world, bound.plan, cost="decided anew")
        assert bound.served.publish(newer).is_success
        assert bound.standing().step.to == "evaluators"


class TestMeasures:
    """Signed numbers close at once, and open nothing."""

    def test_a_trigger_halts_at_once(self, bound: Bound) -> None:
        """The next request is refused; users read the measured value."""
        assert bound.advance("dee").is_success
        assert bound.status("granted")[0] == 200
        answer = bound.measure("eva", bypasses="0")
        assert (answer.status_code, answer.json()["halted"]) == (200, [])
        assert bound.status("granted")[0] == 200
        answer = bound.measure("eva", bypasses="2")
        assert answer.json()["halted"] == ["safeguard-bypass"]
        assert bound.status("granted")[0] == 403
        told = bound.served.client.get("/openweir/acme/small/notices.json").json()
        assert "bypasses at least 1; 2 was measured by eva" in told["halted"]
        actions = [event.action for event in bound.served.events("acme/small")]
        told = [action for action in actions if action in ("measure", "halt")]
        assert told[-2:] == ["measure", "halt"]

    def test_resuming_takes_a_good_measurement(self, bound: Bound) -> None:
        """While the last value pulls the trigger, nobody resumes."""
        bound.advance("dee")
        bound.measure("eva", bypasses="2")
        halt, reason = OURS.replace("stages", "halt"), json.dumps({"reason": "fixed"})
        answer = bound.call("DELETE", halt, reason)
        assert answer.status_code == 409
        assert "2 was measured last" in answer.json()["error"]
        bound.later(1)
        assert bound.measure("eva", bypasses="0").is_success
        assert bound.call("DELETE", halt, reason).is_success
        assert bound.status("granted")[0] == 200

    def test_a_pulled_trigger_holds_back_the_next_step(self, bound: Bound) -> None:
        """Even with halts lifted behind the hub's back, no step is taken."""
        bound.advance("dee")
        bound.later(11)
        bound.measure("eva", bypasses="3")
        with bound.served.hub.store.begin() as connection:
            lifted = update(schema.notices).values(lifted_at="2026-12-01T00:00:00Z")
            connection.execute(lifted)
        answer = bound.advance("dee", "eva", **GOOD)
        assert answer.status_code == 409
        assert "3 was measured" in answer.json()["error"]

    def test_a_worse_number_since_counts(self, bound: Bound) -> None:
        """Signers cannot step over what a measurer reported after they looked."""
        bound.advance("dee")
        bound.later(11)
        assert bound.measure("ray", patched_fraction="0.5").is_success
        answer = bound.advance("dee", "eva", **GOOD)
        assert answer.status_code == 409
        assert "at least 0.8 is asked; 0.5 was reported since" in answer.json()["error"]

    @pytest.mark.parametrize(
        ("people", "options", "said"),
        [
            (("bot",), {}, "no signature in the roles"),
            ((), {}, "no signature"),
            (("eva",), {"signed_later": 3}, "at a time to come"),
            (("eva",), {"signed_later": -24 * 8, "hours_old": 24 * 9}, "more than 7 days ago"),
            (("eva",), {"hours_old": -3}, "of a time to come"),
        ],
    )
    def test_what_does_not_count(self, bound: Bound, people, options, said: str) -> None:
        """Strangers, automation without the role, and wrong clocks are refused with a reason."""
        answer = bound.measure(*people, bypasses="9", **options)
        assert answer.status_code >= 400
        assert said in answer.json()["error"] or not people

    def test_the_same_report_counts_once(self, bound: Bound) -> None:
        """A replayed report cannot halt again what was resumed."""
        assert bound.measure("eva", bypasses="0").is_success
        answer = bound.measure("eva", bypasses="0")
        assert answer.status_code == 409
        assert "taken before" in answer.json()["error"]

    def test_a_forged_row_says_nothing(self, bound: Bound) -> None:
        """Reports in the database count with their signatures only."""
        with bound.served.hub.store.begin() as connection:
            row = {"name": "acme/small", "envelope": "{}", "taken_at": "2026-11-20T12:00:00Z"}
            connection.execute(insert(stage_measures).values(**row))
        assert bound.standing().measures == ()


class TestOverstay:
    """A stage that lasts too long does what the plan says, never more."""

    @pytest.mark.parametrize(
        ("overstay", "after"), [("halt", (404, 404)), ("fall-back", (200, 404))]
    )
    def test_the_second_stage(self, tmp_path: Path, overstay: str, after: tuple[int, int]) -> None:
        """`halt` closes to everybody, `fall-back` leaves what the first stage opened."""
        bound = Bound(tmp_path, overstay=overstay)
        bound.advance("dee")
        bound.later(11)
        assert bound.advance("dee", "eva", **GOOD).is_success
        assert [bound.status(user)[0] for user in ("granted", "pending")] == [200, 200]
        bound.later(61)
        assert tuple(bound.status(user)[0] for user in ("granted", "pending")) == after
        told = bound.served.client.get("/openweir/acme/small/stages.json").json()
        assert (told["lapsed"], told["fallen_back"]) == (True, overstay == "fall-back")
        bound.served.close()

    def test_a_clock_that_ran_backwards_falls_back_to_nothing(self, tmp_path: Path) -> None:
        """It cannot be told how long a stage has lasted, so nothing is open."""
        bound = Bound(tmp_path, overstay="fall-back")
        bound.advance("dee")
        bound.later(-1)
        assert bound.status("granted")[0] in (403, 404)
        bound.served.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"halt": [{"trigger": "bored", "measure": "x", "at_least": "1"}]}, "a halt trigger is"),
        ({"halt": [{"trigger": "other", "measure": "x"}]}, "has no bound"),
        ({"halt": "weights-leak"}, "a list of triggers"),
        ({"halt": [1]}, "a word, or one with"),
        ({"overstay": "advance"}, "`overstay` is one of"),
    ],
)
def test_odd_plans(tmp_path: Path, change: dict, said: str) -> None:
    """A plan that cannot be carried out is refused at publication, in words."""
    served = Served(World(tmp_path / "world"), tmp_path)
    plan = plan_json(served.world.decide(tier=Tier.OPEN_WEIGHTS).release_sha256)
    plan["stages"][0].update(change)
    answer = served.publish(with_plan(served.world, plan))
    served.close()
    assert answer.status_code == 400
    assert said in answer.json()["error"]
