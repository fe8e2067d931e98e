"""Conflicts: what the licence of a parent asks of the licence of what is made from it."""

import pytest

from openweir.dossier.licence import ConflictKind, conditions_of, conflicts, every_licence


def kinds(child, *parents):
    """Return (kind, predicate) of each."""
    return {(found.kind.value, found.predicate) for found in conflicts(child, parents)}


@pytest.mark.parametrize(
    ("child", "parent", "predicate"),
    [
        ("Apache-2.0", "llama-3.1-license-2024", "scale_cap"),
        ("MIT", "CC-BY-NC-4.0", "commercial"),
        ("Apache-2.0", "gemma-tou-2025-03-24", "pass_on_restrictions"),
        ("MIT", "CC-BY-NC-ND-3.0", "modify"),
        ("Apache-2.0", "GPL-3.0", "relicense_derivatives"),
        ("Apache-2.0", "tencent-hunyuan-3d-2.0-cla", "excluded"),
        ("MIT", "bigcode-open-rail-m-v1", "field_of_use"),
        ("CC-BY-4.0", "tongyi-qianwen-2023", "output_training_limit"),
    ],
)
def test_a_freer_child_conflicts(child, parent, predicate):
    """A child's licence cannot give what its parent's withholds."""
    assert ("conflict", predicate) in kinds(child, parent)


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("MIT", "MIT"),
        ("CC-BY-NC-4.0", "Apache-2.0"),
        ("llama-3.1-license-2024", "MIT"),
        ("GPL-3.0", "MIT"),
    ],
)
def test_a_permissive_parent_asks_nothing_that_conflicts(child, parent):
    """Terms may be added to what a permissive licence gave."""
    assert not any(kind == "conflict" for kind, _ in kinds(child, parent))


def test_the_same_licence_keeps_its_duties():
    """A Llama child of a Llama parent does not conflict, and still has to show the name."""
    found = conflicts("llama-3.1-license-2024", ["llama-3.1-license-2024"])
    assert {one.kind for one in found} == {ConflictKind.DUTY}
    assert any("Built with Llama" in one.reason for one in found)
    assert all(one.clause for one in found)


def test_what_nobody_read_stays_unknown():
    """A parent that is known by name only is neither cleared nor accused."""
    found = conflicts("MIT", ["llama-3-license-2024"])
    assert {one.kind for one in found} == {ConflictKind.UNKNOWN}


@pytest.mark.parametrize("name", every_licence())
def test_no_licence_conflicts_with_itself_alone(name):
    """LAW: the same licence as the parent's keeps every limit, unless it permits no changed version."""
    wrong = {predicate for kind, predicate in kinds(name, name) if kind == "conflict"}
    assert wrong <= {"modify", "redistribute"}


def test_conditions_are_those_beyond_notices():
    """Notices are no condition; a cap is."""
    for free in (
        "MIT",
        "Apache-2.0",
        "BSD-3-Clause",
        "CC-BY-4.0",
        "OpenMDW-1.1",
        "CDLA-Permissive-2.0",
    ):
        assert conditions_of([free]) == ()
    assert "above 700 million" in conditions_of(["llama-3.1-license-2024"])[0]
