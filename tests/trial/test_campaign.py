"""The manifest: named before the first trial runs, and never edited after."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.canonical import text
from openweir.errors import OpenweirError, TrialError
from openweir.evidence import Rung
from openweir.trial import Campaign, Shard
from openweir.trial.design import Design, parse_attack
from trial_values import MODEL, campaign


def test_reads_what_it_writes():
    """A manifest comes back the same, byte for byte."""
    found = campaign("none", "prefill", "sft:1,10", "lora:10", "amplify:20", "ablate")
    assert Campaign.from_bytes(found.to_bytes(), where="c") == found


def test_the_same_design_gives_the_same_bytes():
    """Planning twice names the same trials."""
    assert campaign("sft:1,10").to_bytes() == campaign("sft:1,10").to_bytes()


def test_every_series_has_one_rung():
    """A series claims the rung that each of its configurations reached."""
    found = campaign("sft:10", steps=(20, 120))
    series = {one.id: one for one in found.series}
    assert series["sft-k10-a2"].rung is Rung.A2
    assert series["sft-k10-a3"].rung is Rung.A3
    assert {trial.budget.steps for trial in series["sft-k10-a3"].trials} == {120}


def test_the_untouched_model_is_always_asked():
    """Without the untouched model there is nothing to compare with."""
    assert campaign("prefill").one("none").trials[0].model_sha256 == MODEL


def test_controls_come_with_every_campaign():
    """Prefill, few-shot and a negative one, and one per class of attack."""
    found = campaign("lora:10", "ablate")
    kinds = {one.id: one.kind for one in found.series if one.kind != "attack"}
    assert kinds == {
        "positive-prefill": "positive",
        "positive-sft": "positive",
        "positive-lora": "positive",
        "positive-ablate": "positive",
        "negative-sft": "negative",
    }
    assert found.one("lora-k10").control == ("positive-lora",)


def test_larger_sizes_come_down_to_the_data():
    """100 and 1000 examples of a pool of 60 are one series of 60."""
    found = campaign("sft:10,100,1000")
    assert [one.id for one in found.series if one.kind == "attack"] == [
        "none",
        "sft-k10",
        "sft-k60",
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda trial: trial["attack"]["settings"].update(learning_rate="0.00031"),
        lambda trial: trial.update(seed="1"),
        lambda trial: trial.update(data_sha256="0" * 63 + "1"),
        lambda trial: trial["budget"].update(steps="21"),
        lambda trial: trial.update(code_version="other"),
    ],
)
def test_an_edited_trial_is_refused(change):
    """One changed setting, and the trial is not the one that was planned."""
    value = json.loads(campaign("sft:10").to_bytes())
    change(value["series"][1]["trials"][0])
    with pytest.raises(TrialError) as caught:
        Campaign.from_bytes(text(value), where="campaign.json")
    assert caught.value.code == "trial.changed"


@given(st.integers(1, 12))
def test_shards_part_the_trials(count):
    """Every trial is in exactly one shard."""
    trials = campaign("sft:1,10").trials()
    parts = [Shard(index=index, count=count).of(trials) for index in range(1, count + 1)]
    assert sorted(t.id for part in parts for t in part) == [t.id for t in trials]


@pytest.mark.parametrize("word", ["", "0/1", "2/1", "1", "a/b", "-1/2", "1/0", "1/9999999"])
def test_what_is_no_shard_is_refused(word):
    """A shard is part I of N."""
    with pytest.raises(TrialError) as caught:
        Shard.parse(word)
    assert caught.value.code == "trial.shard"


@pytest.mark.parametrize("word", ["melt", "sft", "sft:", "sft:0", "sft:a", "prefill:3", "sft:1,,2"])
def test_what_is_no_attack_is_refused(word):
    """An attack is written as its help says."""
    with pytest.raises(TrialError) as caught:
        parse_attack(word)
    assert caught.value.code == "trial.attack"


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rates": (Decimal("NaN"),)},
        {"learning_rates": (Decimal(0),)},
        {"steps": (0,)},
        {"seeds": (-1,)},
        {"long_steps": (100,)},
        {"attacks": ()},
        {"rank": 0},
        {"targets": ""},
    ],
)
def test_what_cannot_be_swept_is_refused(change):
    """Numbers out of range are refused before anything is planned."""
    with pytest.raises(TrialError) as caught:
        Design(**{"attacks": (parse_attack("sft:10"),), **change})
    assert caught.value.code == "trial.design"


@given(st.binary(max_size=200))
def test_hostile_bytes_are_refused(raw):
    """What is no manifest is an error with a code, never a traceback."""
    with pytest.raises(OpenweirError):
        Campaign.from_bytes(raw, where="campaign.json")


@pytest.mark.parametrize(
    ("attack", "change"),
    [
        ("sft:10", {"steps": None}),
        ("sft:10", {"steps": "1e3"}),
        ("sft:10", {"steps": "9" * 400}),
        ("sft:10", {"batch": "0"}),
        ("sft:10", {"learning_rate": "NaN"}),
        ("sft:10", {"learning_rate": "1e-999999999"}),
        ("lora:10", {"rank": "-1"}),
        ("quantise", {"bits": "64"}),
        ("prune", {"fraction": "2"}),
        ("ablate", {"layer": "nowhere"}),
    ],
)
def test_settings_no_plan_would_write_are_refused(attack, change):
    """A manifest made by hand, its ids computed anew, is refused before anything runs."""
    from openweir.trial import Attack

    found = campaign(attack)
    series = found.series[1]
    first = series.trials[0]
    settings = {**dict(first.attack.settings), **change}
    kept = tuple(sorted((name, value) for name, value in settings.items() if value is not None))
    odd = replace(first, attack=Attack(name=first.attack.name, settings=kept))
    made = replace(
        found, series=(found.series[0], replace(series, trials=(odd,)), *found.series[2:])
    )
    with pytest.raises(TrialError) as caught:
        Campaign.from_bytes(made.to_bytes(), where="campaign.json")
    assert caught.value.code == "trial.settings"
