"""Deciding a case folder: what is read, what is written, what is refused."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import decision_cases as cases
import openweir
from openweir.decision import Decision
from openweir.desk.decide import decide_case
from openweir.desk.explain import explain_case
from openweir.desk.pack import DEFAULT_PACK, load_pack, shipped_packs
from openweir.errors import CaseError, DecisionError, OpenweirError, PolicyError
from openweir.tier import Tier

DAY = "2026-06-01"


@pytest.fixture
def folder(tmp_path):
    """Return the complete case as a folder."""
    root = tmp_path / "case"
    (root / "evidence").mkdir(parents=True)
    (root / "case.toml").write_text('[release]\nname = "example/large"\n', encoding="utf-8")
    for name, data in cases.case_files(cases.case()).items():
        (root / name).write_bytes(data)
    return root


def test_a_decision_is_written_once_and_only_when_it_changes(folder):
    """The same inputs leave the file alone; another day writes it anew."""
    first = decide_case(folder, as_of=DAY)
    assert first.written
    assert first.decision.tier is Tier.FULLY_OPEN
    assert (folder / "decision.json").read_bytes() == first.data == first.decision.to_bytes()
    assert not decide_case(folder, as_of=DAY).written
    assert decide_case(folder, as_of="2026-06-02").written


def test_a_decision_names_every_file_it_rests_on(folder):
    """Case, dossier, plan and each evidence file, by digest."""
    decision = decide_case(folder, as_of=DAY).decision
    assert [name for name, _ in decision.inputs] == [
        "case.toml",
        "dossier.json",
        *(f"evidence/{item.trial}.json" for item in cases.EVIDENCE),
        "plan.json",
    ]


def test_holds_come_from_the_case(folder):
    """The owner's limits in case.toml bind the release and its components."""
    (folder / "case.toml").write_text(
        '[release]\nname = "example/large"\nhold = "open-weights"\n'
        '[hold]\n"Model parameters (Final)" = "gated-weights"\n',
        encoding="utf-8",
    )
    decision = decide_case(folder, as_of=DAY).decision
    assert decision.effective_tier is Tier.OPEN_WEIGHTS
    assert decision.tier_of("model.safetensors") is Tier.GATED_WEIGHTS


def test_a_folder_that_cannot_be_written_is_still_decided(folder, monkeypatch):
    """An example on a read-only disk is decided and printed."""

    def refuse(path, data):
        raise CaseError("cannot write", code="unwritable")

    monkeypatch.setattr("openweir.desk.decide.write_atomically", refuse)
    outcome = decide_case(folder, as_of=DAY)
    assert not outcome.written
    assert outcome.decision.tier is Tier.FULLY_OPEN


@pytest.mark.parametrize("kind", ["folder", "loop", "huge", "binary"])
def test_an_evidence_file_that_is_none_is_set_aside(folder, kind):
    """A folder, a link to itself, a huge file: the trial is unanswered, nothing crashes."""
    path = folder / "evidence" / "bio-pe1.json"
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "huge":
        with path.open("wb") as stream:
            stream.truncate(1 << 33)
    else:
        path.write_bytes(os.urandom(100))
    outcome = decide_case(folder, as_of=DAY)
    assert outcome.decision.tier is Tier.SEALED
    assert [name for name, _ in outcome.rejected] == ["evidence/bio-pe1.json"]


@pytest.mark.parametrize(
    ("missing", "hint"), [("dossier.json", "openweir inspect"), ("case.toml", "openweir init")]
)
def test_what_is_missing_is_named_with_the_command_that_makes_it(folder, missing, hint):
    """The next step is in the message."""
    (folder / missing).unlink()
    with pytest.raises(CaseError) as caught:
        decide_case(folder, as_of=DAY)
    assert hint in str(caught.value)


@pytest.mark.parametrize("day", ["tomorrow", "2026-13-01", "01.06.2026", ""])
def test_a_bad_day_is_refused(folder, day):
    """Only YYYY-MM-DD is a day."""
    with pytest.raises(OpenweirError, match="2026-11-20"):
        decide_case(folder, as_of=day)


class TestPacks:
    """Where policies come from."""

    def test_a_folder_is_a_pack(self, folder, tmp_path):
        """A copy of the shipped pack decides the same, under its own digest of the same files."""
        import shutil

        copy = tmp_path / "my-pack"
        shutil.copytree(Path(openweir.__file__).parent / "packs" / DEFAULT_PACK, copy)
        assert load_pack(str(copy)) == load_pack(DEFAULT_PACK)

    def test_a_folder_cannot_take_the_place_of_a_shipped_pack(self, tmp_path, monkeypatch):
        """A name means the shipped pack wherever one stands."""
        (tmp_path / DEFAULT_PACK).mkdir()
        monkeypatch.chdir(tmp_path)
        assert load_pack(DEFAULT_PACK).id == DEFAULT_PACK

    def test_an_unknown_pack_is_refused_with_the_shipped_ones(self):
        """The hint lists what ships."""
        with pytest.raises(PolicyError, match="openweir-baseline") as caught:
            load_pack("no-such-pack")
        assert caught.value.code == "policy.no-pack"
        assert shipped_packs() == ("openweir-baseline",)

    def test_a_pack_with_a_link_is_refused(self, tmp_path):
        """A link could bring in what the digest does not cover."""
        (tmp_path / "policy.toml").symlink_to("/etc/hostname")
        with pytest.raises(PolicyError, match="no links"):
            load_pack(str(tmp_path))


class TestExplaining:
    """The kept decision, or one made anew."""

    def test_the_kept_decision_is_explained(self, folder):
        """Nothing is decided anew while nothing changed."""
        decided = decide_case(folder, as_of=DAY).decision
        explained = explain_case(folder, requirement="PE2")
        assert explained.decision == decided
        assert explained.changed == ()

    def test_changed_files_are_named(self, folder):
        """A reader is told when the decision is no longer that of the files."""
        decide_case(folder, as_of=DAY)
        (folder / "evidence" / "bio-pe1.json").unlink()
        assert explain_case(folder).changed == ("evidence/bio-pe1.json",)

    def test_without_a_decision_one_is_made_and_not_kept(self, folder):
        """Explaining writes nothing."""
        assert explain_case(folder, as_of=DAY).decision.tier is Tier.FULLY_OPEN
        assert not (folder / "decision.json").exists()

    @pytest.mark.parametrize("data", [b"", b"{}", b'{"schema": "other"}', b"\xff"])
    def test_a_damaged_decision_is_an_error(self, folder, data):
        """One line, and no traceback."""
        (folder / "decision.json").write_bytes(data)
        with pytest.raises(OpenweirError):
            explain_case(folder)

    def test_a_decision_with_an_unknown_word_is_an_error(self, folder):
        """A status of no known kind is not shown as if it were one."""
        data = decide_case(folder, as_of=DAY).data
        (folder / "decision.json").write_bytes(data.replace(b'"demonstrated"', b'"fine"'))
        with pytest.raises(DecisionError, match="fine"):
            explain_case(folder)


def test_the_same_bytes_in_another_time_zone_hash_seed_locale_and_folder(folder, tmp_path):
    """Law 9: a decision depends on digests and the day, on nothing else."""
    source = str(Path(openweir.__file__).parent.parent)
    found = set()
    for zone, seed, place, locale in (
        ("UTC", "0", folder.parent, "C.UTF-8"),
        ("Pacific/Kiritimati", "1", tmp_path, "C"),
        ("America/Los_Angeles", "4242", Path("/"), "tr_TR.UTF-8"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "openweir", "decide", str(folder), "--as-of", DAY, "--json"],
            env={"TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": source, "LC_ALL": locale},
            cwd=place,
            capture_output=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
    data = found.pop()
    assert Decision.from_bytes(data).tier is Tier.FULLY_OPEN
    assert (folder / "decision.json").read_bytes() == data
    assert set(json.loads(data)) >= {"tier", "as_of", "policy", "requirements", "whynot"}
