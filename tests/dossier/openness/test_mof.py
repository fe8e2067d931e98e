"""The Model Openness Framework as MOT computes it: goldens, rules, and laws of the evaluator."""

import json
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.dossier.openness import class_release, mof_rules, release_from_mot
from openweir.dossier.openness.from_mot import release_from_mot_json, release_from_mot_yaml
from openweir.errors import DossierError
from shared_data import shared

MOT, STRICT = mof_rules("mof-1.0/mot"), mof_rules("mof-1.0/strict")
NAMES = [component.name for component in MOT.components]
CLASS_III = [
    "Model architecture",
    "Model parameters (Final)",
    "Evaluation results",
    "Model card",
    "Data card",
]
CLASS_II = ["Training code", "Inference code", "Evaluation code", "Evaluation data"]
CLASS_I = ["Datasets", "Data preprocessing code", "Model parameters (Intermediate)"]
VECTORS = Path(__file__).parents[2] / "vectors" / "mot"


def release(names, licence="Apache-2.0", **more):
    """A release with these components, each under one licence."""
    components = [{"name": name, "license": licence} for name in names]
    return release_from_mot({"name": "r", "components": components, **more})


def agrees(result, golden, appropriate="not_type_appropriate"):
    """Whether class, progress and warnings are those of MOT."""
    return (
        result.number == golden["class"]
        and all(
            abs(float(share) - golden["progress"][str(level)]) < 1e-9
            for level, share in enumerate(result.progress, 1)
        )
        and set(result.not_type_appropriate) == set(golden[appropriate])
    )


class TestGoldens:
    """Class, three progress values to 1e-9 and the warnings are those of MOT's own PHP."""

    @pytest.mark.parametrize(
        ("goldens", "folder", "count"),
        [("golden_models_php.json", "models", 273), ("golden_testdata_php.json", "Test_Data", 27)],
    )
    def test_files(self, goldens, folder, count):
        """Every listed file agrees, and every status of every component with it."""
        expected = json.loads(shared(f"mot/{goldens}").read_bytes())
        right = 0
        for name, golden in expected.items():
            found = class_release(
                release_from_mot_yaml(shared(f"mot/{folder}/{name}").read_bytes()), MOT
            )
            statuses = {row.component.identity: row.status for row in found.standings}
            assert all(
                statuses[identity] == status
                for status in ("included", "invalid", "unlicensed", "missing")
                for identity in golden["c1"][status]
            ), name
            right += agrees(found, golden, "nta")
        assert right == len(expected) == count

    def test_distribution(self):
        """The 273 models fall into 14, 1, 16 and 242."""
        found = Counter(
            class_release(release_from_mot_yaml(path.read_bytes()), MOT).number
            for path in shared("mot/models").glob("*.yml")
        )
        assert found == {1: 14, 2: 1, 3: 16, 0: 242}

    def test_random_releases(self):
        """240 random releases, odd names and licences among them, agree line by line."""
        pairs = zip(
            (VECTORS / "releases.jsonl").read_bytes().splitlines(),
            (VECTORS / "expected.jsonl").read_bytes().splitlines(),
            strict=True,
        )
        wrong = [
            number
            for number, (line, golden) in enumerate(pairs, 1)
            if not agrees(class_release(release_from_mot_json(line), MOT), json.loads(golden))
        ]
        assert wrong == []

    @pytest.mark.parametrize("rules", [MOT, STRICT])
    def test_type_appropriateness_required(self, rules):
        """Were it required, none of the 31 classed models would keep a class."""
        classed = [
            class_release(read, rules, type_appropriate=True).number
            for path in shared("mot/models").glob("*.yml")
            if class_release(read := release_from_mot_yaml(path.read_bytes()), rules).number
        ]
        assert len(classed) == 31
        assert not any(classed)


class TestRules:
    """MOF 1.0 and MOT's reading of it, rule by rule (reference 1.2 and 1.4)."""

    def test_report_or_paper_completes_class_iii(self):
        """Either document will do, and neither will not."""
        assert class_release(release([*CLASS_III, "Technical report"]), MOT).number == 3
        assert class_release(release([*CLASS_III, "Research paper"]), MOT).number == 3
        assert class_release(release(CLASS_III), MOT).progress[2] == Fraction(500, 6)

    def test_report_never_replaces_the_paper(self):
        """With the report alone class I stops at 13 of 14."""
        found = class_release(release([*CLASS_III, *CLASS_II, *CLASS_I, "Technical report"]), MOT)
        assert (found.number, found.progress[0]) == (2, Fraction(1300, 14))

    def test_paper_alone_completes_class_i(self):
        """With the paper alone there is one thing fewer to have."""
        found = class_release(release([*CLASS_III, *CLASS_II, *CLASS_I, "Research paper"]), MOT)
        assert (found.number, set(found.progress)) == (1, {Fraction(100)})

    def test_lower_class_reports_zero(self):
        """MOT says 0 % while the class before is incomplete; the strict reading counts parts."""
        held = release([*CLASS_II, *CLASS_I])
        assert class_release(held, MOT).progress == (0, 0, 0)
        assert class_release(held, STRICT).progress == (50, 40, 0)

    def test_unknown_name_counts_as_datasets(self):
        """MOT files a name that is no component under Datasets; the strict reading does not."""
        held = release(["Training dataset"])
        included = [
            row.component.name
            for row in class_release(held, MOT).standings
            if row.status == "included"
        ]
        assert included == ["Datasets"]
        assert class_release(held, STRICT).strangers == ("Training dataset",)
        assert {row.status for row in class_release(held, STRICT).standings} == {"missing"}

    @pytest.mark.parametrize(
        ("own", "status"),
        [
            ({}, "included"),
            ({"license": None}, "included"),
            ({"license": ""}, "unlicensed"),
            ({"license": "0"}, "unlicensed"),
            ({"license": False}, "unlicensed"),
            ({"license": "unlicensed"}, "unlicensed"),
            ({"license": "Unlicensed"}, "invalid"),
            ({"license": "apache-2.0"}, "invalid"),
            ({"license": 7}, "invalid"),
        ],
    )
    def test_own_licence_first(self, own, status):
        """A component's own words hold, even where they say unlicensed; else the release's."""
        held = release_from_mot(
            {
                "license": {"code": {"name": "0"}, "distribution": {"name": "MIT"}},
                "components": [{"name": "Training code", **own}],
            }
        )
        found = {row.component.name: row.status for row in class_release(held, MOT).standings}
        assert found["Training code"] == status

    def test_kind_before_distribution(self):
        """The licence for the kind of component goes before the one for everything."""
        held = release_from_mot(
            {
                "license": {"distribution": {"name": "Proprietary"}, "code": {"name": "MIT"}},
                "components": [{"name": "Training code"}, {"name": "Model card"}],
            }
        )
        found = {row.component.name: row.licence for row in class_release(held, MOT).standings}
        assert (found["Training code"], found["Model card"]) == ("MIT", "Proprietary")

    def test_last_of_a_name_wins(self):
        """A component that stands twice counts as it stands last."""
        held = release_from_mot(
            {
                "components": [
                    {"name": "Model card", "license": "MIT"},
                    {"name": "Model card", "license": "Undisclosed"},
                ]
            }
        )
        found = {row.component.name: row.status for row in class_release(held, MOT).standings}
        assert found["Model card"] == "invalid"

    @pytest.mark.parametrize("bad", [[], "x", 3, {"components": {}}, {"components": [{}]}])
    def test_not_the_form(self, bad):
        """What is not MOT's form is refused with its place."""
        with pytest.raises(
            DossierError, match=r"^line 3.*(expected an object|not a list)"
        ) as found:
            release_from_mot(bad, where="line 3")
        assert found.value.code in ("dossier.mot", "dossier.mot-component")


LICENCES = st.sampled_from(
    ["MIT", "Apache-2.0", "CC-BY-4.0", "PDDL-1.0", "gemma", "unlicensed", "", "BSD-3", "mit"]
)
COMPONENTS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from([*NAMES, "Training dataset"])}, optional={"license": LICENCES}
    ),
    max_size=20,
    unique_by=lambda component: component["name"],
)
RELEASES = st.builds(
    lambda components, all_, code: {
        "components": components,
        "license": {"distribution": {"name": all_}, "code": {"name": code}},
    },
    COMPONENTS,
    LICENCES,
    LICENCES,
)


class TestLaws:
    """Laws of the evaluator, for both rule sets."""

    @given(RELEASES, st.sampled_from(NAMES), st.sampled_from([MOT, STRICT]))
    def test_monotone(self, form, name, rules):
        """One more component under an open licence never makes the class or a share worse."""
        before = class_release(release_from_mot(form), rules)
        kept = [component for component in form["components"] if component["name"] != name]
        more = {**form, "components": [*kept, {"name": name, "license": "Apache-2.0"}]}
        # Under MOT a stranger that counts as Datasets may stand before it; then it still is there.
        after = class_release(release_from_mot(more), rules)
        assert (after.number or 4) <= (before.number or 4)
        shares = zip(before.progress, after.progress, strict=True)
        # The paper lowers what class I asks for, so only that share may move either way.
        assert all(was <= now for was, now in list(shares)[1:])

    @given(RELEASES, st.randoms(use_true_random=False))
    def test_order_does_not_matter(self, form, rnd):
        """Components in another order give the same result, strangers aside."""
        named = [row for row in form["components"] if row["name"] != "Training dataset"]
        shuffled = random.Random(rnd.random()).sample(named, len(named))
        for rules in (MOT, STRICT):
            assert class_release(
                release_from_mot({**form, "components": named}), rules
            ) == class_release(release_from_mot({**form, "components": shuffled}), rules)

    @given(RELEASES)
    def test_strict_is_never_lower(self, form):
        """The repairs only ever find more: no class is lost to them without a stranger."""
        named = [row for row in form["components"] if row["name"] != "Training dataset"]
        held = release_from_mot({**form, "components": named})
        tool, strict = class_release(held, MOT), class_release(held, STRICT)
        assert (strict.number or 4) <= (tool.number or 4)
        assert all(a <= b for a, b in zip(tool.progress, strict.progress, strict=True))

    @given(RELEASES)
    def test_total(self, form):
        """Every release gets a class, shares between 0 and 100, and a status per component."""
        for rules in (MOT, STRICT):
            found = class_release(release_from_mot(form), rules)
            assert found.number in (0, 1, 2, 3)
            assert all(0 <= share <= 100 for share in found.progress)
            assert [row.component for row in found.standings] == list(rules.components)
