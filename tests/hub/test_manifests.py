"""Clients that name a model and a quantization, and let the hub say which file that is."""

from collections.abc import Iterator

import pytest

from gguf_file import small_model
from hub_served import Served
from hub_world import World
from openweir.digest import sha256
from openweir.hub.release import git_pointer, git_pointer_sha1
from openweir.tier import Tier

GGUF = small_model()
FILES = {
    "README.md": b"# Quantized\n",
    "tiny-Q8_0.gguf": GGUF + b"8",
    "tiny-q4_k_m.gguf": GGUF + b"4",
    "tiny-IQ4_XS.gguf": GGUF + b"i",
    "BF16/tiny-BF16-00001-of-00002.gguf": GGUF + b"1",
    "BF16/tiny-BF16-00002-of-00002.gguf": GGUF + b"2",
    "BF16/mmproj-F16.gguf": GGUF + b"m",
    "mmproj-F16.gguf": GGUF + b"n",
    "tiny.imatrix.gguf": GGUF + b"x",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub with the same files open, gated, partly gated, and hosted only."""
    root = tmp_path_factory.mktemp("manifests")
    found = Served(World(root / "world"), root)
    releases = {
        "open": {"tier": Tier.OPEN_WEIGHTS},
        "small": {"tier": Tier.GATED_WEIGHTS},
        "partly": {
            "tier": Tier.OPEN_WEIGHTS,
            "tiers": {"tiny-q4_k_m.gguf": Tier.GATED_WEIGHTS, "tiny-Q8_0.gguf": Tier.SEALED},
        },
        "hosted": {"tier": Tier.PUBLIC_HOSTED},
        "sealed": {"tier": Tier.SEALED},
    }
    for name, options in releases.items():
        signed = found.world.release(f"acme/{name}", files=FILES, **options)
        assert found.publish(signed).is_success
    other = found.world.release("acme/other", tier=Tier.OPEN_WEIGHTS, files={"a.txt": b"a"})
    assert found.publish(other).is_success
    found.settle()
    yield found
    found.close()


def asked(served: Served, name: str, tag: str, user: str | None = None):
    """One manifest."""
    path = f"/v2/acme/{name}/manifests/{tag}"
    return served.client.get(path, headers={**served.headers(user), "User-Agent": "llama-cpp"})


class TestMeaning:
    """The pull request by which llama.cpp began to ask: Q4_K_M, else a Q4, else the first."""

    @pytest.mark.parametrize(
        ("tag", "path"),
        [
            ("latest", "tiny-q4_k_m.gguf"),
            ("Q4_K_M", "tiny-q4_k_m.gguf"),
            ("q8_0", "tiny-Q8_0.gguf"),
            ("IQ4_XS", "tiny-IQ4_XS.gguf"),
            ("bf16", "BF16/tiny-BF16-00001-of-00002.gguf"),
            ("tiny-Q8_0.gguf", "tiny-Q8_0.gguf"),
            ("BF16%2Ftiny-BF16-00001-of-00002.gguf", "BF16/tiny-BF16-00001-of-00002.gguf"),
        ],
    )
    def test_a_tag_means_a_file(self, served: Served, tag: str, path: str) -> None:
        """Quantizations in whatever letters, names, and of a split model its first part."""
        told = asked(served, "open", tag).json()
        size = len(FILES[path])
        digest = sha256(FILES[path])
        pointer = len(git_pointer(digest, size))
        assert told["ggufFile"] == {
            "rfilename": path,
            "size": size,
            "blobId": git_pointer_sha1(digest, size),
            "lfs": {"sha256": digest, "size": size, "pointerSize": pointer},
        }

    def test_a_projector_comes_from_the_same_folder(self, served: Served) -> None:
        """What a model needs for images is told beside it."""
        for tag, path in (("latest", "mmproj-F16.gguf"), ("BF16", "BF16/mmproj-F16.gguf")):
            assert asked(served, "open", tag).json()["mmprojFile"]["rfilename"] == path

    @pytest.mark.parametrize("tag", ["Q2_K", "8_0", "imatrix", "mmproj-F16.gguf", ".*", ""])
    def test_what_means_none(self, served: Served, tag: str) -> None:
        """A quantization that is not there, a part of a word or a pattern: 404, in a sentence."""
        answer = asked(served, "open", tag)
        assert answer.status_code == 404
        assert "no GGUF file" in answer.json()["error"]

    def test_a_model_without_any(self, served: Served) -> None:
        """There is nothing to choose from."""
        assert asked(served, "other", "latest").headers["x-error-code"] == "EntryNotFound"


class TestRight:
    """Law 8: a name and a digest are told to whom the bytes are."""

    @pytest.mark.parametrize(
        ("user", "status"), [(None, 401), ("ann", 403), ("ended", 403), ("granted", 200)]
    )
    def test_the_gate(self, served: Served, user: str | None, status: int) -> None:
        """Whoever has no grant hears what the file's own address says."""
        told = asked(served, "small", "latest", user)
        file = served.client.get(
            "/acme/small/resolve/main/tiny-q4_k_m.gguf", headers=served.headers(user)
        )
        assert told.status_code == file.status_code == status
        if status != 200:
            assert told.headers["x-error-code"] == "GatedRepo"
            assert told.json()["error"] == file.json()["error"]

    def test_what_one_may_read_comes_first(self, served: Served) -> None:
        """Of several files that fit, one that is open to whoever asks; what is held back is not."""
        assert asked(served, "partly", "latest").json()["ggufFile"]["rfilename"] == (
            "tiny-IQ4_XS.gguf"
        )
        assert asked(served, "partly", "Q4_K_M").status_code == 401
        assert asked(served, "partly", "Q8_0").status_code == 404

    def test_what_is_not_there_asks_for_a_token_alike(self, served: Served) -> None:
        """Clients send theirs only after a 401; it tells nothing of what there is."""
        told = set()
        for name in ("sealed", "nothing", "draft"):
            answer = asked(served, name, "latest")
            assert answer.headers["www-authenticate"].startswith("Bearer")
            told.add((answer.status_code, answer.text.replace(name, "-")))
        assert len(told) == 1
        assert asked(served, "sealed", "latest", "ann").status_code == 404
        assert asked(served, "hosted", "latest", "ann").status_code == 404

    def test_a_member_gets_the_draft(self, served: Served) -> None:
        """What is uploaded is found by its members, and by nobody else."""
        body = {"name": "drafted", "type": "model"}
        served.client.post("/api/repos/create", json=body, headers=served.headers("acme"))
        lines = (
            '{"key":"header","value":{"summary":"s"}}\n'
            '{"key":"file","value":{"path":"m-Q4_0.gguf","content":"R0dVRg==","encoding":"base64"}}'
        )
        done = served.client.post(
            "/api/models/acme/drafted/commit/main", content=lines, headers=served.headers("acme")
        )
        assert done.is_success, done.text
        told = asked(served, "drafted", "latest", "acme").json()
        assert told["ggufFile"]["rfilename"] == "m-Q4_0.gguf"
        assert asked(served, "drafted", "Q8_0", "acme").status_code == 404
        assert asked(served, "drafted", "latest", "ann").status_code == 404
        assert asked(served, "drafted", "latest").status_code == 401

    def test_it_is_in_the_audit(self, served: Served) -> None:
        """Who was told which file, and who was refused it."""
        asked(served, "small", "Q8_0", "granted")
        asked(served, "small", "Q8_0", "ann")
        served.carry()
        events = [event for event in served.hub.audit.events("acme/small") if event.user]
        assert ("granted", "manifest", "tiny-Q8_0.gguf") in {
            (event.user, event.action, event.detail) for event in events
        }
        assert ("ann", 403, "tiny-Q8_0.gguf") in {
            (event.user, event.status, event.path) for event in events
        }


class TestRaw:
    """`/raw/`: by which `@huggingface/hub` asks whether a file exists."""

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_a_large_file_is_its_pointer(self, served: Served, method: str) -> None:
        """As in git: three lines that name the content, under git's id."""
        data = FILES["tiny-Q8_0.gguf"]
        pointer = git_pointer(sha256(data), len(data))
        answer = served.client.request(method, "/acme/open/raw/main/tiny-Q8_0.gguf")
        assert answer.status_code == 200
        assert answer.content == (pointer if method == "GET" else b"")
        assert answer.headers["content-length"] == str(len(pointer))
        assert answer.headers["etag"] == f'"{git_pointer_sha1(sha256(data), len(data))}"'
        assert answer.headers["x-repo-commit"]

    def test_a_small_file_is_itself(self, served: Served) -> None:
        """Bytes and headers as at `/resolve/`."""
        raw, resolved = (
            served.client.get(f"/acme/open/{way}/main/README.md") for way in ("raw", "resolve")
        )
        assert raw.content == resolved.content == FILES["README.md"]
        assert raw.headers["etag"] == resolved.headers["etag"]

    def test_every_refusal_of_the_file_is_one_here(self, served: Served) -> None:
        """The same status and words, for every principal at every release."""
        for name in ("open", "small", "partly", "hosted", "sealed", "nothing"):
            for path in (*FILES, "none.txt"):
                for user in (None, "ann", "ended", "granted"):
                    raw, resolved = (
                        served.client.get(
                            f"/acme/{name}/{way}/main/{path}", headers=served.headers(user)
                        )
                        for way in ("raw", "resolve")
                    )
                    assert raw.status_code == resolved.status_code, (name, path, user)
                    if raw.status_code != 200:
                        assert raw.json() == resolved.json()

    def test_each_byte_is_in_the_audit(self, served: Served) -> None:
        """A pointer's bytes are counted like a file's."""
        before = _sent(served)
        body = served.client.get(
            "/acme/small/raw/main/tiny-Q8_0.gguf", headers=served.headers("granted")
        )
        served.client.head("/acme/small/raw/main/tiny-Q8_0.gguf", headers=served.headers("granted"))
        assert _sent(served) - before == len(body.content)


def _sent(served: Served) -> int:
    served.carry()
    return sum(event.sent_bytes for event in served.hub.audit.events("acme/small"))
