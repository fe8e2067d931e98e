"""Whether an advisory touches a release."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.watch import Advisory, Affected, Subject, match

REPOSITORY = "https://huggingface.co/Acme/Tiny"
FIRST, LAST, OTHER = "1" * 40, "2" * 40, "3" * 40


def advisory(**affected):
    """An advisory about one thing."""
    return Advisory(
        id="x_OPENWEIR-1",
        modified="2026-11-20T10:00:00Z",
        summary="",
        affected=(Affected(**affected),),
    )


def test_a_named_digest_is_certain():
    """The same bytes have the same flaw, wherever they lie."""
    subject = Subject(name="other/name", files=(("model.safetensors", "b" * 64),))
    (hit,) = match((advisory(files=("b" * 64,)),), subject)
    assert (hit.by, hit.certain) == ("file", True)


@pytest.mark.parametrize(
    ("commit", "affected", "expected"),
    [
        (None, {"introduced": ("0",)}, ("name", True)),
        (FIRST, {"introduced": (FIRST,), "fixed": (LAST,)}, ("commit", True)),
        (LAST, {"introduced": (FIRST,), "last_affected": (LAST,)}, ("commit", True)),
        (OTHER, {"introduced": ("0",), "fixed": (LAST,)}, ("name", False)),
        (None, {"introduced": ("0",), "fixed": (LAST,)}, ("name", False)),
        (LAST, {"introduced": ("0",), "fixed": (LAST,)}, None),
    ],
)
def test_commits(commit, affected, expected):
    """Without history a commit in between is neither passed over nor called certain."""
    subject = Subject(name="acme/tiny", commit=commit)
    hits = match((advisory(repository=REPOSITORY, **affected),), subject)
    assert [(hit.by, hit.certain) for hit in hits] == ([expected] if expected else [])


def test_a_parent_passes_its_flaw_on():
    """R19: an advisory on a parent reaches what was derived from it."""
    subject = Subject(name="me/derived", parents=("acme/tiny",))
    (hit,) = match((advisory(repository=REPOSITORY, introduced=("0",)),), subject)
    assert (hit.by, hit.certain) == ("parent", False)


def test_a_mirror_has_the_same_flaw():
    """The host of the repository does not matter."""
    subject = Subject(name="acme/tiny")
    found = advisory(repository="https://hub.example/acme/tiny.git", introduced=("0",))
    assert match((found,), subject)


def test_withdrawn_touches_nothing():
    """A withdrawn advisory is no advisory."""
    found = replace(
        advisory(repository=REPOSITORY, introduced=("0",)), withdrawn="2026-11-21T00:00:00Z"
    )
    assert match((found,), Subject(name="acme/tiny")) == ()


@given(st.permutations(range(6)))
def test_order_of_advisories_does_not_matter(order):
    """The same advisories give the same hits in the same order."""
    found = [
        replace(advisory(repository=REPOSITORY, introduced=("0",)), id=f"x_A-{index}")
        for index in range(6)
    ]
    subject = Subject(name="acme/tiny")
    assert match(tuple(found[index] for index in order), subject) == match(tuple(found), subject)


@given(st.text(max_size=60))
def test_any_repository_text_is_read(text):
    """A hostile address matches or does not; it never fails."""
    match((advisory(repository=text, introduced=("0",)),), Subject(name="acme/tiny"))
