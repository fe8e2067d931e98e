"""Feed mutated bytes to every reader of foreign files: no crash, no hang, bounded memory.

Run: `make fuzz-readers`, or `python tests/fuzz_readers.py 100000`. The seed is printed, so that a
failure can be had again. The tests run a few hundred of each.
"""

import contextlib
import io
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fuzz_hub import READERS as HUB_READERS
from gate_samples import ATTACKS, CHATML, MACROS, PICKLES, PLAIN, THINKING, npy, onnx, zipped
from gguf_file import small_model
from model_folder import TENSORS, safetensors
from openweir.artifact import FileEntry, Manifest, look_at, pickle_fault
from openweir.artifact.gguf import read_gguf
from openweir.artifact.safetensors import read_header
from openweir.artifact.template_syntax import judge_templates, mark_template
from openweir.attest import (
    Authorities,
    Envelope,
    Head,
    Key,
    ModelSignature,
    Statement,
    Subject,
    Trust,
    TrustedKey,
    follow,
    hand_over,
    make_head,
    read_head,
    sign_model,
)
from openweir.attest.certificate import certified_key
from openweir.errors import OpenweirError
from openweir.register import Checkpoint, Proof, VerifierKey

LIMIT_S, LIMIT_MIB = 1.0, 512
AT = datetime(2026, 11, 20, tzinfo=UTC)
KEY, NEW = Key.generate(), Key.generate()
STATEMENT = Statement(
    subject=(Subject(name="m", digests=(("sha256", "ab" * 32),)),),
    predicate_type="https://openweir.example/test/v1",
    predicate={"a": ["b", {"c": 1}]},
)
MANIFEST = Manifest(files=(FileEntry(path="a/b", size=1, sha256="cd" * 32),))
TRUST = Trust().with_key(TrustedKey(name="ada", role="developer", key=KEY.public))
HEAD = make_head(
    Head(version=1, issued=AT, expires=AT + timedelta(days=7), origin="o", size=1, releases=()),
    KEY,
    root_expires=AT,
)
NOTE = (
    b"example.com/log\n3\n" + b"A" * 43 + b"=\n\n\xe2\x80\x94 example.com/log " + b"A" * 92 + b"\n"
)
PROOF = b"c2sp.org/tlog-proof@v1\nindex 1\n" + b"A" * 43 + b"=\n\n" + NOTE


def scanned(data: bytes, name: str) -> None:
    """Have the gate look at one file of these bytes."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / name
        path.write_bytes(data)
        judge_templates(look_at(path))


READERS = {
    "safetensors": (
        [safetensors(TENSORS, {"format": "pt"})],
        lambda d: read_header(io.BytesIO(d), len(d), path="x"),
    ),
    "gguf": ([small_model()], lambda d: read_gguf(io.BytesIO(d), len(d), path="x")),
    "pickle": (
        [*PICKLES.values(), zipped([("m/data.pkl", PICKLES["protocol 2"])])],
        lambda d: pickle_fault(io.BytesIO(d), len(d)),
    ),
    "template": (
        [CHATML.encode(), THINKING.encode(), MACROS.encode()],
        lambda d: list(mark_template(d.decode("utf-8", "replace"))),
    ),
    "any file": (
        [npy(), onnx("../x"), *(c for c in PLAIN.values() if isinstance(c, bytes))]
        + [next(iter(f.values())) for f, _, _ in ATTACKS.values() if isinstance(next(iter(f.values())), bytes)],
        lambda d: scanned(d, "file"),
    ),
    "json file": ([b'{"auto_map": {"a": "b"}, "c": [1, 2.5, null]}'], lambda d: scanned(d, "config.json")),
    "card": ([str(PLAIN["README.md"]).encode()], lambda d: scanned(d, "README.md")),
    "envelope": (
        [Envelope.sign(STATEMENT, KEY).to_bytes()],
        lambda d: Envelope.from_bytes(d).verify([KEY.public]),
    ),
    "statement": ([STATEMENT.to_bytes()], Statement.from_bytes),
    "model signature": (
        [sign_model(MANIFEST, KEY, name="m")],
        lambda d: ModelSignature.verify(d, [KEY.public]),
    ),
    "certified signature": (
        [sign_model(MANIFEST, KEY, name="m").replace(b"publicKey", b"x509CertificateChain")],
        lambda d: ModelSignature.verify_certified(d, Authorities(())),
    ),
    "certificate": ([bytes(64)], lambda d: certified_key([d], Authorities(()))),
    "trust": ([TRUST.to_text().encode()], lambda d: Trust.from_text(d.decode("utf-8", "replace"))),
    "rotation": (
        [hand_over(KEY, NEW, name="ada", since=AT.date()).to_bytes()],
        lambda d: follow(d, TRUST),
    ),
    "head": (
        [HEAD["timestamp.json"]],
        lambda d: read_head({**HEAD, "timestamp.json": d}.__getitem__, (KEY.public,), at=AT),
    ),
    "proof": ([PROOF], Proof.from_bytes),
    "checkpoint": ([NOTE], lambda d: Checkpoint.verify(d, [])),
    "verifier key": (
        [b"example.com/log+00000000+AAAA"],
        lambda d: VerifierKey.parse(d.decode("utf-8", "replace")),
    ),
} | HUB_READERS  # fmt: skip
_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, ord("{"), ord('"'), ord("."), ord("/"))


def mutated(data: bytes, rnd: random.Random) -> bytes:
    """Return bytes with a few changes: bits, numbers, cuts, repeats, pieces moved."""
    out = bytearray(data)
    for _ in range(rnd.choice((1, 1, 2, 4, 16))):
        at = rnd.randrange(len(out) + 1)
        match rnd.randrange(7):
            case 0 if out:
                out[at % len(out)] ^= 1 << rnd.randrange(8)
            case 1 if out:
                out[at % len(out)] = rnd.choice(_INTERESTING)
            case 2:
                out[at:at] = rnd.choice((b"\xff" * 8, b"\0" * 8, b"[" * 99, b"{%", b"9" * 50))
            case 3:
                del out[at : at + rnd.randrange(1, 64)]
            case 4:
                out[at:at] = out[at : at + rnd.randrange(1, 64)] * rnd.randrange(1, 4)
            case 5:
                out[at : at + 8] = rnd.choice((2**63, 2**31, 2**64 - 1, 7)).to_bytes(8, "little")
            case _:
                del out[at:]
    return bytes(out)


def fuzz(count: int, seed: int) -> list[str]:
    """Feed each reader `count` mutations; return what went wrong, each in a line."""
    wrong = []
    for name, (seeds, read) in READERS.items():
        rnd = random.Random(f"{seed} {name}")
        for number in range(count):
            data = mutated(rnd.choice(seeds), rnd)
            begun = time.perf_counter()
            try:
                with contextlib.suppress(OpenweirError):
                    read(data)
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                wrong.append(
                    f"{name} {seed}/{number}: {type(error).__name__}: {error} {data[:60]!r}"
                )
            took = time.perf_counter() - begun
            if took > LIMIT_S:
                wrong.append(f"{name} {seed}/{number}: took {took:.1f} s")
            if len(wrong) > 20:
                return wrong
    return wrong


def main() -> int:
    """Fuzz, and say what was found."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    begun = time.perf_counter()
    wrong = fuzz(count, seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print("\n".join(wrong))
    print(
        f"{len(READERS)} readers, {count} mutations each, seed {seed}: {len(wrong)} wrong, "
        f"{time.perf_counter() - begun:.0f} s, peak {peak:.0f} MiB"
    )
    return 1 if wrong or peak > LIMIT_MIB else 0


if __name__ == "__main__":
    sys.exit(main())
