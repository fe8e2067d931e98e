"""What a signed release must show: each check fails for its own reason, and closed."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openweir.attest import Envelope, Key, Trust, TrustedKey
from openweir.decision import Approvals, ComponentDecision
from openweir.digest import dirhash
from openweir.hub import Bundle, check, check_files, decision_statement
from openweir.tier import Tier
from signed_release import (
    ALICE,
    AT,
    BOB,
    EVE,
    FILES,
    decision_of,
    people,
    release_in,
    sha,
)


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """Return one good release."""
    return release_in(tmp_path_factory.mktemp("accept") / "log")


def failed(checks):
    """Return the names of the failed checks."""
    return [item.name for item in checks if not item.ok]


def only(checks, name):
    """Return the one check of that name."""
    (found,) = [item for item in checks if item.name == name]
    return found


def test_a_good_release_passes_every_check(release):
    """Six checks, in their order, each ok and each a sentence."""
    checks = check(release.bundle, trust=release.trust, at=AT)
    assert [item.name for item in checks] == [
        "signature",
        "approvals",
        "decision",
        "log",
        "expiry",
        "model signature",
    ]
    assert failed(checks) == []
    assert all(item.detail for item in checks)


def test_nobody_is_trusted_by_default(release):
    """An empty trust accepts nothing."""
    checks = check(release.bundle, trust=Trust(), at=AT)
    assert failed(checks) == ["signature", "approvals", "decision", "log", "model signature"]


PARTS = ("decision", "envelope", "log_proof")


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.data())
def test_any_altered_byte_of_a_statement_fails_a_check(release, data):
    """Law 8: one changed byte in decision, envelope or proof, and the release is refused."""
    part = data.draw(st.sampled_from(PARTS))
    original = getattr(release.bundle, part)
    at = data.draw(st.integers(0, len(original) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != original[at]))
    altered = release.changed(**{part: original[:at] + bytes([value]) + original[at + 1 :]})
    names = failed(check(altered, trust=release.trust, at=AT))
    expected = {"decision": "decision", "envelope": "signature", "log_proof": "log"}[part]
    assert expected in names


@given(
    decision=st.binary(max_size=60),
    envelope=st.binary(max_size=60),
    log_proof=st.none() | st.binary(max_size=60),
    model_signature=st.none() | st.binary(max_size=60),
)
def test_no_content_raises(decision, envelope, log_proof, model_signature):
    """Whatever the bytes, the answer is failed checks."""
    bundle = Bundle(
        decision=decision, envelope=envelope, log_proof=log_proof, model_signature=model_signature
    )
    checks = check(bundle, trust=people(developer=ALICE), at=AT)
    assert "signature" in failed(checks)
    assert len(checks) == 6


@pytest.mark.parametrize("missing", ["log_proof", "model_signature"])
def test_a_missing_part_fails_its_check(release, missing):
    """What is not there is not assumed."""
    names = failed(check(release.changed(**{missing: None}), trust=release.trust, at=AT))
    assert names == [{"log_proof": "log", "model_signature": "model signature"}[missing]]


class TestApprovals:
    """Law 5: k distinct people in distinct roles."""

    def approvals(self, tmp_path, trust, keys, **changes):
        """Return the check for a decision signed by some keys under some trust."""
        made = release_in(tmp_path / "log", decision_of(**changes), keys)
        return only(check(made.bundle, trust=trust, at=AT), "approvals")

    def test_one_of_two_is_not_enough(self, tmp_path):
        """A single signature is said to be one too few."""
        found = self.approvals(tmp_path, people(developer=ALICE, reviewer=BOB), (ALICE,))
        assert not found.ok
        assert "1 of the signatures needed" in found.detail
        assert "2 of the roles developer, reviewer" in found.detail

    def test_two_people_in_one_role_count_once(self, tmp_path):
        """Each signature needs another role."""
        trust = people(developer=ALICE).with_key(
            TrustedKey(name="second", role="developer", key=BOB.public)
        )
        assert not self.approvals(tmp_path, trust, (ALICE, BOB)).ok

    def test_one_person_with_two_keys_counts_once(self, tmp_path):
        """Two keys under one name are one person, whatever their roles."""
        trust = Trust(
            keys=(
                TrustedKey(name="alice", role="developer", key=ALICE.public),
                TrustedKey(name="alice", role="reviewer", key=BOB.public),
            )
        )
        assert not self.approvals(tmp_path, trust, (ALICE, BOB)).ok

    def test_a_person_with_keys_in_two_roles_leaves_the_other_role_to_another(self, tmp_path):
        """The best pairing of people and roles is found, not the first one."""
        trust = Trust(
            keys=(
                TrustedKey(name="alice", role="developer", key=ALICE.public),
                TrustedKey(name="alice", role="reviewer", key=EVE.public),
                TrustedKey(name="bob", role="developer", key=BOB.public),
            )
        )
        assert self.approvals(tmp_path, trust, (ALICE, EVE, BOB)).ok

    def test_a_hub_key_never_approves(self, tmp_path):
        """No automation key crosses the line, even where a decision lists its role."""
        asked = Approvals(signatures=2, roles=("developer", "hub"))
        trust = people(developer=ALICE, hub=BOB)
        assert not self.approvals(tmp_path, trust, (ALICE, BOB), approvals=asked).ok

    def test_asking_for_nobody_still_takes_one(self, tmp_path):
        """A decision that asks for no signature needs one all the same."""
        asked = Approvals(signatures=0, roles=())
        assert not self.approvals(tmp_path, people(developer=EVE), (ALICE,), approvals=asked).ok


class TestDecision:
    """The statement and decision.json must say the same."""

    def test_another_decision_under_the_same_signature(self, release):
        """Replacing decision.json by another well-formed one is noticed."""
        other = replace(release.decision, tier=Tier.OPEN_WEIGHTS, effective_tier=Tier.OPEN_WEIGHTS)
        found = check(release.changed(decision=other.to_bytes()), trust=release.trust, at=AT)
        assert "its digest differs" in only(found, "decision").detail

    def test_a_statement_that_says_other_things(self, release):
        """A signed statement over the right digest but with other subjects is refused."""
        data = release.bundle.decision
        statement = decision_statement(release.decision, data)
        wrong = replace(statement, subject=statement.subject[:1])
        envelope = Envelope.sign(wrong, ALICE).with_signature(BOB).to_bytes()
        found = check(release.changed(envelope=envelope), trust=release.trust, at=AT)
        assert "says other things" in only(found, "decision").detail

    @pytest.mark.parametrize(
        "change",
        [
            {"effective_tier": Tier.OPEN_WEIGHTS},
            {"components": (ComponentDecision(component="x", tier=Tier.FULLY_OPEN, files=()),)},
            {"release_sha256": "00" * 32},
        ],
    )
    def test_a_decision_that_contradicts_itself(self, tmp_path, change):
        """Even well signed, a decision above its own tier or of other files is refused."""
        made = release_in(tmp_path / "log", replace(decision_of(), **change))
        found = only(check(made.bundle, trust=made.trust, at=AT), "decision")
        assert not found.ok
        assert "contradicts itself" in found.detail

    @pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a//b", "a/./b", "", "a\\b", "a\0"])
    def test_a_decision_about_files_elsewhere(self, tmp_path, path):
        """A path that leads out of the release is refused, however well signed."""
        made = release_in(tmp_path / "log", decision_of({**FILES, path: b"x"}))
        found = only(check(made.bundle, trust=made.trust, at=AT), "decision")
        assert not found.ok
        assert "outside the release" in found.detail

    def test_a_file_in_two_parts(self, tmp_path):
        """A file in two components could have two tiers: refused."""
        decision = decision_of()
        (part,) = decision.components
        twice = replace(part, component="Again", tier=Tier.SEALED)
        made = release_in(
            tmp_path / "log",
            replace(
                decision,
                components=(part, twice),
                release_sha256=dirhash((f.path, f.sha256) for f in (*part.files, *part.files)),
            ),
        )
        found = only(check(made.bundle, trust=made.trust, at=AT), "decision")
        assert not found.ok
        assert "names a file twice" in found.detail


class TestLog:
    """The entry must be this statement's, in a trusted log."""

    def test_a_proof_of_another_entry(self, release):
        """The proof of another entry does not serve."""
        proof = release.log.prove(0).to_bytes()
        found = check(release.changed(log_proof=proof), trust=release.trust, at=AT)
        assert failed(found) == ["log"]

    def test_an_untrusted_log(self, release):
        """A log that nobody trusts proves nothing."""
        trust = replace(release.trust, logs=())
        assert failed(check(release.bundle, trust=trust, at=AT)) == ["log"]


class TestExpiry:
    """A decision holds from its day to its last day, both included."""

    @pytest.mark.parametrize(
        ("at", "ok"),
        [
            (datetime(2026, 11, 19, 23, 59, 59, tzinfo=UTC), False),
            (datetime(2026, 11, 20, tzinfo=UTC), True),
            (datetime(2027, 5, 19, 23, 59, 59, tzinfo=UTC), True),
            (datetime(2027, 5, 20, tzinfo=UTC), False),
        ],
    )
    def test_both_ends(self, release, at, ok):
        """The last second counts, the next one does not."""
        assert only(check(release.bundle, trust=release.trust, at=at), "expiry").ok is ok


class TestModelSignature:
    """model.sig must list exactly the decided files, by a key that signed the decision."""

    def test_by_another_key(self, release, tmp_path):
        """A stranger's model signature does not count."""
        other = release_in(tmp_path / "log", release.decision, (EVE,))
        found = check(
            release.changed(model_signature=other.bundle.model_signature),
            trust=release.trust,
            at=AT,
        )
        assert failed(found) == ["model signature"]

    def test_over_other_files(self, release, tmp_path):
        """A signature over one file less is refused, and the file named."""
        fewer = {name: data for name, data in FILES.items() if name != "config.json"}
        other = release_in(tmp_path / "log", decision_of(fewer))
        found = check(
            release.changed(model_signature=other.bundle.model_signature),
            trust=release.trust,
            at=AT,
        )
        assert "disagree about `config.json`" in only(found, "model signature").detail

    def test_no_files_need_no_signature(self, tmp_path):
        """A case without files has nothing to sign but the decision."""
        made = release_in(tmp_path / "log", decision_of({}))
        assert made.bundle.model_signature is None
        assert failed(check(made.bundle, trust=made.trust, at=AT)) == []


class TestFiles:
    """Files must be the decided ones, no more and no fewer."""

    FOUND = tuple((path, len(data), sha(data)) for path, data in FILES.items())

    def test_the_decided_files_pass(self):
        """Exactly the decided files, in any order, are ok."""
        (found,) = check_files(decision_of(), reversed(self.FOUND))
        assert found.ok
        assert "4 files of 4" in found.detail

    def test_each_difference_is_named(self):
        """Altered, missing and extra files each get their own sentence."""
        found = [*self.FOUND[1:], ("evil.py", 1, "00" * 32)]
        found[0] = ("README.md", 11, "11" * 32)
        found[1] = ("config.json", 99, "22" * 32)
        details = [item.detail for item in check_files(decision_of(), found) if not item.ok]
        assert details == [
            "`.gitattributes` is missing",
            "`README.md` was altered: its digest differs",
            "`config.json` was altered: it has 99 bytes instead of 3",
            "`evil.py` is not among the decided files",
        ]

    def test_statements_may_lie_beside(self):
        """Only the known names under `.openweir/` may be extra."""
        fine = (".openweir/decision.json", ".openweir/evidence/a.json", ".openweir/model.sig")
        bad = (
            ".openweir/run.py",
            ".openweir/evidence/a/b.json",
            ".openweir/evidence/x.py",
            "x/.openweir/decision.json",
        )
        checks = check_files(decision_of(), [*self.FOUND, *((path, 1, "") for path in fine + bad)])
        assert len(checks) == len(bad)

    def test_parts_held_back_may_be_missing_downstream(self):
        """Whoever downloads does not get what stays in the house; its owner has it all."""
        decision = decision_of()
        (part,) = decision.components
        split = replace(
            decision,
            components=(
                replace(part, files=part.files[1:]),
                ComponentDecision(component="held", tier=Tier.SEALED, files=part.files[:1]),
            ),
        )
        assert all(item.ok for item in check_files(split, self.FOUND[1:]))
        assert not all(item.ok for item in check_files(split, self.FOUND[1:], complete=True))
        assert all(item.ok for item in check_files(split, self.FOUND))

    def test_hostile_names_are_shown_harmlessly(self):
        """Terminal controls in a file name do not reach the terminal."""
        checks = check_files(decision_of(), [*self.FOUND, ("a\x1b[2J\udcff", 1, "")])
        (wrong,) = [item for item in checks if not item.ok]
        assert "\x1b" not in wrong.detail
        wrong.detail.encode()


def test_a_stranger_adds_nothing(release):
    """A third signature by nobody in particular is reported and changes no answer."""
    envelope = Envelope.from_bytes(release.bundle.envelope).with_signature(Key.generate())
    checks = check(release.changed(envelope=envelope.to_bytes()), trust=release.trust, at=AT)
    assert failed(checks) == []
    assert "1 more by keys you do not trust" in only(checks, "signature").detail
