"""Stages: opened step by step, by people, on measurements; never by time alone."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_served import Served
from hub_world import FILES, NOW, World
from openweir.attest import Envelope, Key, TrustedKey
from openweir.errors import HubError
from openweir.hub.stages.change import Measure, Step, change_statement, check_step
from openweir.hub.stages.plan import ORDER, StagePlan
from openweir.tier import Tier

OURS = "/api/openweir/releases/acme/small/stages"
PEOPLE = {"dee": "developer", "eva": "evaluator", "ray": "reviewer", "bot": "hub"}
GOOD = {"patched_fraction": "0.9", "open_critical_findings": "0"}


def plan_json(release_sha256: str | None, **changes: object) -> dict[str, object]:
    """A plan of three stages."""
    both = [
        {"measure": "patched_fraction", "at_least": "0.8"},
        {"measure": "open_critical_findings", "at_most": "0"},
    ]
    common = {"min_days": 10, "max_days": 60, "advance": both, "evidence_days": 30}
    approvers = {"signatures": 2, "roles": ["developer", "evaluator", "reviewer"]}
    return {
        "schema": "openweir/stages/1",
        "name": "acme/small",
        "release_sha256": release_sha256,
        "stages": [
            {"id": "evaluators", **common, "approvers": {"signatures": 1}},
            {"id": "researchers", **common, "approvers": approvers},
            {"id": "public", "approvers": approvers},
        ],
        **changes,
    }


@pytest.fixture
def staged(tmp_path: Path) -> Iterator["Staged"]:
    """A hub with an open release, trusted people, and users granted for two cohorts."""
    found = Staged(tmp_path)
    yield found
    found.served.close()


class Staged:
    """A release under a plan."""

    def __init__(self, root: Path, **plan: object) -> None:
        """Publish, plan, and grant."""
        self.served = served = Served(World(root / "world"), root)
        self.keys = {name: Key.generate() for name in PEOPLE}
        trust = served.world.trust
        for name, role in PEOPLE.items():
            trust = trust.with_key(TrustedKey(name=name, role=role, key=self.keys[name].public))
        served.trust = trust
        signed = served.world.release(tier=Tier.OPEN_WEIGHTS)
        assert served.publish(signed).is_success
        self.decision = signed.decision
        self.plan = plan_json(signed.decision.release_sha256, **plan)
        put = self.call("PUT", OURS, json.dumps(self.plan))
        assert put.is_success, put.text
        for user, cohort in (("granted", "evaluators"), ("pending", "researchers")):
            body = json.dumps({"user": user, "cohort": cohort})
            assert self.call("POST", OURS.replace("stages", "grants"), body).is_success

    def call(self, method: str, path: str, body: str = "", user: str = "acme"):
        """A request as a user."""
        headers = self.served.headers(user)
        return self.served.client.request(method, path, content=body, headers=headers)

    def standing(self):
        """Where it stands, as the hub verifies it."""
        hub = self.served.hub
        return hub.stages.standing("acme/small", trust=hub.trust(), at=self.served.now)

    def signed(self, *people: str, days_old: int = 0, **measures: str) -> str:
        """The next step, signed."""
        standing, at = self.standing(), self.served.now
        found = {
            name: Measure(value=Decimal(value), at=at - timedelta(days=days_old))
            for name, value in measures.items()
        }
        statement = change_statement(standing.plan, standing.step, measures=found, at=at)
        envelope = Envelope(payload=statement.to_bytes(), signatures=())
        for person in people:
            envelope = envelope.with_signature(self.keys[person])
        return envelope.to_bytes().decode()

    def advance(self, *people: str, days_old: int = 0, **measures: str):
        """Take the next step."""
        return self.call("POST", OURS, self.signed(*people, days_old=days_old, **measures))

    def later(self, days: int) -> None:
        """Let time pass."""
        self.served.now += timedelta(days=days)

    def status(self, user: str | None) -> tuple[int, str | None]:
        """What a user gets."""
        answer = self.served.client.get(
            "/acme/small/resolve/main/README.md", headers=self.served.headers(user)
        )
        assert FILES["README.md"] not in answer.content or answer.is_success
        return answer.status_code, answer.headers.get("x-error-code")


def test_the_whole_way_up(staged: Staged) -> None:
    """Nobody, then evaluators, then researchers too, then everybody; each step signed."""
    later = (404, "RevisionNotFound")
    assert [staged.status(user) for user in (None, "ann", "granted", "pending")] == [
        (401, "GatedRepo"),
        (403, "GatedRepo"),
        later,
        later,
    ]
    assert staged.advance("dee").is_success
    assert (staged.status("granted")[0], staged.status("pending")) == (200, later)
    assert staged.served.client.get("/api/models/acme/small").json()["gated"] == "manual"
    staged.later(10)
    assert staged.advance("dee", "eva", **GOOD).is_success
    assert (staged.status("granted")[0], staged.status("pending")[0]) == (200, 200)
    assert staged.status(None) == (401, "GatedRepo")
    staged.later(10)
    done = staged.advance("ray", "eva", **GOOD)
    assert done.json()["stage"] == "public"
    assert staged.status(None)[0] == 200
    assert staged.served.client.get("/api/models/acme/small").json()["gated"] is False
    told = staged.served.client.get("/openweir/acme/small/stages.json").json()
    assert (told["stage"], told["next"], told["lapsed"]) == ("public", None, False)
    recorded = [e for e in staged.served.events("acme/small") if e.action == "stage"]
    assert [event.detail.split()[0] for event in recorded] == [
        "evaluators",
        "researchers",
        "public",
    ]


@pytest.mark.parametrize(
    ("people", "days", "age", "measures", "said"),
    [
        (("dee", "eva"), 9, 0, GOOD, "`evaluators` lasts 10 days; 9 have passed"),
        (("dee", "eva"), 10, 0, {}, "`patched_fraction` was not measured"),
        (("dee", "eva"), 10, 0, {"patched_fraction": "1"}, "`open_critical_findings` was not"),
        (("dee", "eva"), 10, 0, GOOD | {"patched_fraction": "0.79"}, "at least 0.8 is asked"),
        (("dee", "eva"), 10, 0, GOOD | {"open_critical_findings": "1"}, "at most 0 is asked"),
        (("dee", "eva"), 40, 31, GOOD, "is older than 30 days"),
        (("dee", "eva"), 10, -1, GOOD, "was measured at a time to come"),
        (("dee",), 10, 0, GOOD, "1 of 2 signatures by different people"),
        (("dee", "bot"), 10, 0, GOOD, "1 of 2 signatures by different people"),
        (("bot",), 10, 0, GOOD, "0 of 2 signatures by different people"),
    ],
)
def test_a_step_is_refused_with_every_reason(  # noqa: PLR0917 - one column each
    staged: Staged,
    people: tuple[str, ...],
    days: int,
    age: int,
    measures: dict[str, str],
    said: str,
) -> None:
    """Too soon, not measured, too old, from the future, out of bounds, or too few people."""
    staged.advance("dee")
    staged.later(days)
    answer = staged.advance(*people, days_old=age, **measures)
    assert answer.status_code == 409
    assert said in answer.json()["error"]
    assert staged.standing().step.to == "evaluators"


class TestTime:
    """Time alone opens nothing, and a wrong clock opens nothing."""

    def test_waiting_closes(self, staged: Staged) -> None:
        """A stage that lasts too long lapses: nothing goes out until the next is entered."""
        staged.advance("dee")
        staged.later(60)
        assert staged.status("granted")[0] == 200
        staged.later(1)
        assert staged.status("granted") == (404, "RevisionNotFound")
        assert staged.status("pending") == (404, "RevisionNotFound")
        assert staged.status(None) == (401, "GatedRepo")
        assert staged.advance("dee", "eva", **GOOD).is_success
        assert staged.status("granted")[0] == 200

    def test_a_clock_that_ran_backwards(self, staged: Staged) -> None:
        """Nothing is served and no step is taken while the clock stands before the last step."""
        staged.later(5)
        staged.advance("dee")
        later = staged.signed("dee", "eva", **GOOD)
        staged.later(-1)
        assert staged.status("granted") == (404, "RevisionNotFound")
        answer = staged.call("POST", OURS, later)
        assert answer.status_code == 409
        assert "clock" in answer.json()["error"]

    def test_nothing_is_signed_ahead(self, staged: Staged) -> None:
        """A step signed at the beginning of a stage does not carry at its end."""
        staged.advance("dee")
        early = staged.signed("dee", "eva", **GOOD)
        staged.later(10)
        answer = staged.call("POST", OURS, early)
        assert answer.status_code == 409
        assert "signed more than 7 days ago" in answer.json()["error"]
        assert "0 have passed" in answer.json()["error"]

    @settings(max_examples=60)
    @given(st.integers(0, 4000), st.sampled_from([(), ("bot",)]))
    def test_no_lapse_of_time_takes_a_step(self, days: int, people: tuple[str, ...]) -> None:
        """However long one waits, without people and measurements the answer is no (law 5)."""
        plan = StagePlan.from_bytes(json.dumps(plan_json("a" * 64)).encode())
        before = None
        for stage in (*plan.stages, None):
            at = NOW + timedelta(days=days)
            signers = [
                TrustedKey(name=name, role=PEOPLE[name], key=Key.generate().public)
                for name in people
            ]
            if stage is None:
                break
            statement = change_statement(plan, before, measures={}, at=at)
            assert check_step(plan, before, statement, signers, signatures=1, at=at)
            before = Step(to=stage.id, sha256="0" * 64, decided_at=NOW, taken_at=NOW)


class TestTampering:
    """Rows are not believed."""

    def test_a_step_nobody_signed(self, staged: Staged) -> None:
        """A row that says `public` without signatures opens nothing."""
        from sqlalchemy import insert

        from openweir.hub import schema

        staged.advance("dee")
        other = Key.generate()
        standing = staged.standing()
        measures = {
            name: Measure(value=Decimal(value), at=staged.served.now)
            for name, value in GOOD.items()
        }
        at = staged.served.now + timedelta(days=10)
        statement = change_statement(standing.plan, standing.step, measures=measures, at=at)
        with staged.served.hub.store.begin() as connection:
            connection.execute(
                insert(schema.stage_steps).values(
                    name="acme/small",
                    number=1,
                    envelope=Envelope.sign(statement, other).to_bytes().decode(),
                    taken_at="2026-11-30T12:00:00Z",
                )
            )
        staged.later(10)
        assert staged.standing().step.to == "evaluators"
        assert staged.status("pending") == (404, "RevisionNotFound")

    def test_a_withdrawn_signer(self, staged: Staged) -> None:
        """When a signer's key is trusted no more, the stage they opened closes."""
        staged.advance("dee")
        assert staged.status("granted")[0] == 200
        trust = staged.served.hub.trust()
        fewer = replace(trust, keys=tuple(key for key in trust.keys if key.name != "dee"))
        staged.served.trust = fewer
        assert staged.status("granted") == (404, "RevisionNotFound")

    def test_a_damaged_plan(self, staged: Staged) -> None:
        """A plan that cannot be read closes the release instead of freeing it."""
        from sqlalchemy import update

        from openweir.hub import schema

        staged.advance("dee")
        with staged.served.hub.store.begin() as connection:
            connection.execute(update(schema.stage_plans).values(plan="{}"))
        assert staged.status("granted") == (404, "RevisionNotFound")
        assert staged.status(None) == (401, "GatedRepo")

    def test_a_step_of_another_release_or_twice(self, staged: Staged) -> None:
        """A signed step counts once, at its place."""
        first = staged.signed("dee")
        assert staged.call("POST", OURS, first).is_success
        again = staged.call("POST", OURS, first)
        assert again.status_code == 409
        assert "does not follow the last step taken" in again.json()["error"]

    def test_only_its_owner(self, staged: Staged) -> None:
        """A stranger neither plans nor advances; an unknown key signs nothing."""
        assert staged.call("PUT", OURS, json.dumps(staged.plan), "ann").status_code == 403
        assert staged.call("POST", OURS, staged.signed("dee"), "ann").status_code == 403
        staged.keys["dee"] = Key.generate()
        assert staged.advance("dee").status_code == 400

    def test_a_plan_under_way_stays(self, staged: Staged) -> None:
        """After the first step the plan is not exchanged."""
        staged.advance("dee")
        answer = staged.call("PUT", OURS, json.dumps(staged.plan))
        assert answer.status_code == 409
        assert "under way by its plan" in answer.json()["error"]


class TestPlans:
    """Plans that could be left by waiting are none."""

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda plan: plan["stages"][0].pop("advance"), "could be left by waiting"),
            (lambda plan: plan["stages"].reverse(), "in this order"),
            (lambda plan: plan.update(stages=[]), "in this order"),
            (lambda plan: plan["stages"][2]["approvers"].update(signatures=1), "takes two"),
            (lambda plan: plan["stages"][0].update(min_days=90), "lasts from"),
            (lambda plan: plan["stages"][0].update(id="friends"), "is no stage"),
            (lambda plan: plan["stages"][0].update(halt=["mood"]), "a halt trigger is"),
            (
                lambda plan: plan["stages"][1].update(
                    approvers={"signatures": 1, "roles": ["hub"]}
                ),
                "a role is one of",
            ),
            (
                lambda plan: plan["stages"][0]["advance"].append({"measure": "min_days"}),
                "`min_days` has no bound",
            ),
            (lambda plan: plan.update(schema="x"), "the schema is not"),
        ],
    )
    def test_refused(self, change, said: str) -> None:
        """Each fault is said in a sentence."""
        plan = json.loads(json.dumps(plan_json("a" * 64)))
        change(plan)
        with pytest.raises(HubError, match=said) as error:
            StagePlan.from_bytes(json.dumps(plan).encode())
        assert error.value.code == "hub.plan"

    @given(st.sets(st.sampled_from(ORDER), min_size=1))
    def test_any_subset_in_order(self, ids: set[str]) -> None:
        """A plan takes the stages it needs."""
        approvers = {"signatures": 2}
        stage = {"advance": [{"measure": "x", "at_most": "0"}], "approvers": approvers}
        plan = plan_json("a" * 64, stages=[{"id": one, **stage} for one in ORDER if one in ids])
        read = StagePlan.from_bytes(json.dumps(plan).encode())
        assert {item.id for item in read.stages} == ids


def test_components_open_by_stage(tmp_path: Path) -> None:
    """A stage may open a part: the rest waits for the stage that opens it."""
    served = Served(World(tmp_path / "world"), tmp_path)
    signed = served.world.release(
        tier=Tier.OPEN_WEIGHTS, tiers={"model.safetensors": Tier.GATED_WEIGHTS}
    )
    assert served.publish(signed).is_success
    served.close()
    parts = [part.component for part in signed.decision.components]
    assert len(parts) == 2
    plan = plan_json(signed.decision.release_sha256)
    plan["stages"][0]["components"] = ["Part open-weights"]
    read = StagePlan.from_bytes(json.dumps(plan).encode())
    from openweir.hub.stages.store import Standing

    step = Step(to="evaluators", sha256="0" * 64, decided_at=NOW, taken_at=NOW)
    gate = Standing(plan=read, step=step, lapsed=False).for_gate(signed.decision)
    assert gate is not None
    assert gate.opens("README.md", "evaluators")
    assert not gate.opens("model.safetensors", "evaluators")
    assert not gate.opens("README.md", "researchers")
    later = Step(to="researchers", sha256="0" * 64, decided_at=NOW, taken_at=NOW)
    gate = Standing(plan=read, step=later, lapsed=False).for_gate(signed.decision)
    assert gate is not None
    assert gate.opens("model.safetensors", "evaluators")
