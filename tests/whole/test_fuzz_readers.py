"""Every reader of foreign bytes, a few hundred mutations each; `make fuzz-readers` runs many."""

import random
from dataclasses import replace

import pytest

from fuzz_readers import READERS, fuzz
from openweir.hub import check
from signed_release import AT, release_in


@pytest.mark.parametrize("seed", [1, 2])
def test_no_mutation_breaks_a_reader(seed):
    """Mutated bytes give a value or an error with a code, within a second each."""
    assert fuzz(150, seed) == []


def test_every_kind_of_foreign_file_is_in():
    """Weights, code that came as data, settings, signatures, trust, proofs, a hub's requests."""
    assert len(READERS) >= 34


def test_no_flipped_bit_of_a_release_is_accepted(tmp_path):
    """Decision, envelope, proof of the log, signature of the files: one bit fails a check."""
    release = release_in(tmp_path / "log")
    assert all(item.ok for item in check(release.bundle, trust=release.trust, at=AT))
    rnd = random.Random(20261120)
    for _ in range(400):
        part = rnd.choice(("decision", "envelope", "log_proof", "model_signature"))
        data = bytearray(getattr(release.bundle, part))
        at = rnd.randrange(len(data))
        data[at] ^= 1 << rnd.randrange(8)
        altered = replace(release.bundle, **{part: bytes(data)})
        found = check(altered, trust=release.trust, at=AT)
        assert not all(item.ok for item in found), (part, at)
