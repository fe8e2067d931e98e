"""Xet with the stock client over a real socket: upload, dedup, download, and the gate."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub_served import Served
from hub_world import World, weights
from openweir.hub.gate import GrantStatus
from openweir.hub.possession import Possession
from openweir.tier import Tier

pytest.importorskip("hf_xet")
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError

pytestmark = pytest.mark.peer

NAME = "acme/large"


@dataclass
class Live:
    """A hub that listens, with one repository that the stock client filled by Xet."""

    served: Served
    url: str
    root: Path
    content: bytes

    def api(self, user: str | None) -> HfApi:
        """The stock client as one user."""
        return HfApi(endpoint=self.url, token=False if user is None else self.served.tokens[user])

    def xet(self, user: str, code: str) -> "subprocess.CompletedProcess[str]":
        """Run Python with the stock client in a process with a home and Xet cache of its own."""
        return subprocess.run(
            (sys.executable, "-c", code),
            env={
                **{key: value for key, value in os.environ.items() if not key.startswith("HF_")},
                "HF_ENDPOINT": self.url,
                "HF_HOME": str(self.root / f"home-{user}"),
                "HF_TOKEN": self.served.tokens[user],
                "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                "NO_PROXY": "*",
            },
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def token(self, user: str, name: str = NAME, right: str = "read"):
        """What the hub answers when this user asks for a Xet token."""
        return self.served.client.get(
            f"/api/models/{name}/xet-{right}-token/main", headers=self.served.headers(user)
        )


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The client uploads 12 MB; a gated decision about the same bytes is published."""
    root = tmp_path_factory.mktemp("xet")
    served = Served(World(root / "world"), root)
    content = random.Random(7).randbytes(12_000_003)
    content = weights(content[: 2 * len(content) - len(weights(content))])
    (root / "model.safetensors").write_bytes(content)
    with served.live() as url:
        found = Live(served, url, root, content)
        done = found.xet(
            "acme",
            "from huggingface_hub import HfApi; api = HfApi()\n"
            f"api.create_repo({NAME!r})\n"
            f"api.upload_file(repo_id={NAME!r}, path_in_repo='model.safetensors',"
            f" path_or_fileobj={str(root / 'model.safetensors')!r})",
        )
        assert done.returncode == 0, done.stderr
        yield found
    served.close()


def digest_of(live: Live) -> str:
    """The SHA-256 of the uploaded file."""
    (info,) = live.api("acme").get_paths_info(NAME, ["model.safetensors"])
    assert info.lfs is not None
    return str(info.lfs.sha256)


class TestUpload:
    """What the client sent is one blob, and sending it again costs nothing."""

    def test_came_by_xet(self, live: Live) -> None:
        """The file has a Xet name, lies there once, and its xorbs are let go."""
        digest = digest_of(live)
        assert live.served.hub.xet.name_of("acme", digest) is not None
        assert live.served.hub.blobs.read(digest) == live.content
        assert not [key for key in live.served.hub.storage.keys("xet/") if key.endswith(".bytes")]

    def test_again_from_another_machine(self, live: Live) -> None:
        """A client without any cache uploads the same file again: it is the same blob."""
        code = (
            "from huggingface_hub import HfApi\n"
            f"HfApi().upload_file(repo_id={NAME!r}, path_in_repo='again.safetensors',"
            f" path_or_fileobj={str(live.root / 'model.safetensors')!r})"
        )
        home = live.root / "home-acme"
        home.rename(live.root / "home-kept")
        done = live.xet("acme", code)
        assert done.returncode == 0, done.stderr
        assert live.served.kept("blobs/").count(digest_of(live)) == 1

    def test_second_upload_sends_nothing(self, live: Live) -> None:
        """The same client sends no xorb for bytes it sent before."""
        sent: list[str] = []
        begin = live.served.hub.xet.incoming_xorb

        def counted(namespace: str, name: bytes):
            sent.append(namespace)
            return begin(namespace, name)

        live.served.hub.xet.incoming_xorb = counted  # type: ignore[method-assign]
        done = live.xet(
            "acme",
            "from huggingface_hub import HfApi\n"
            f"HfApi().upload_file(repo_id={NAME!r}, path_in_repo='third.safetensors',"
            f" path_or_fileobj={str(live.root / 'model.safetensors')!r})",
        )
        del live.served.hub.xet.incoming_xorb
        assert done.returncode == 0, done.stderr
        assert sent == []


class TestDownload:
    """The client puts together what it fetched, and only those who may fetch anything."""

    def test_whole(self, live: Live) -> None:
        """Every byte comes back by Xet."""
        code = (
            "from huggingface_hub import hf_hub_download as get\n"
            "import hashlib, pathlib\n"
            f"path = get({NAME!r}, 'model.safetensors')\n"
            "print(hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest())"
        )
        done = live.xet("acme", code)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == digest_of(live)

    @pytest.mark.parametrize(
        ("start", "end"),
        [(0, 1), (0, 12_000_003), (5, 70_000), (11_999_000, 12_000_003), (12_000_002, 12_000_003)],
    )
    def test_ranges(self, live: Live, start: int, end: int) -> None:
        """A reconstruction of any range, fetched by its own links, is that range."""
        got = fetched(live, "acme", NAME, f"bytes={start}-{end - 1}")
        assert got == live.content[start:end]

    @pytest.mark.parametrize(
        ("stated", "status"),
        [
            ("bytes=12000003-", 416),
            ("bytes=9-3", 416),
            ("bytes=-5", 400),
            ("items=1-2", 400),
            ("bytes=0-1,4-5", 400),
            ("bytes=99999999999999999999-", 400),
        ],
    )
    def test_odd_ranges(self, live: Live, stated: str, status: int) -> None:
        """A range outside the file or the form is refused, never a failure of the hub."""
        assert reconstruct(live, "acme", NAME, stated).status_code == status

    def test_gate(self, live: Live) -> None:
        """Outsiders fetch a gated release by Xet with a grant, and not a byte after it."""
        released = "acme/released"
        files = {"model.safetensors": live.content, "README.md": b"# x\n"}
        signed = live.served.world.release(released, tier=Tier.GATED_WEIGHTS, files=files)
        assert live.served.publish(signed).status_code == 200
        assert reconstruct(live, "ann", released).status_code == 404
        grants, now = live.served.hub.grants, live.served.now
        grants.answer(released, "ann", GrantStatus.ACCEPTED, by="acme", at=now)
        answer = reconstruct(live, "ann", released)
        assert answer.status_code == 200
        links = [
            (place["url"], place["url_range"])
            for places in answer.json()["fetch_info"].values()
            for place in places
        ]
        assert fetched(live, "ann", released, None) == live.content
        path = hf_hub_download(
            released,
            "model.safetensors",
            endpoint=live.url,
            token=live.served.tokens["ann"],
            cache_dir=live.root / "ann",
        )
        assert Path(path).read_bytes() == live.content
        grants.answer(released, "ann", GrantStatus.REJECTED, by="acme", at=now)
        # Neither the token nor the links that are out survive the revocation.
        assert reconstruct(live, "ann", released).status_code == 404
        for url, held in links:
            stated = {"Range": f"bytes={held['start']}-{held['end']}"}
            assert live.served.client.get(url, headers=stated).status_code == 404


class TestSmuggling:
    """Acceptance test 1: knowing what bytes are called gives none of them, and no sign of them."""

    def test_commit_of_a_known_digest(self, live: Live) -> None:
        """A pointer to another namespace's bytes is refused like one to bytes nobody has."""
        live.api("ann").create_repo("ann/mine", exist_ok=True)
        texts = []
        for digest in (digest_of(live), "ab" * 32):
            line = (
                '{"key":"header","value":{"summary":"x","description":""}}\n'
                '{"key":"lfsFile","value":{"path":"m.bin","algo":"sha256",'
                f'"oid":"{digest}","size":{len(live.content)}}}}}\n'
            )
            answer = live.served.client.post(
                "/api/models/ann/mine/commit/main",
                content=line,
                headers={**live.served.headers("ann"), "Content-Type": "application/x-ndjson"},
            )
            assert answer.status_code == 400
            texts.append(answer.json()["error"].replace(digest[:12], "DIGEST"))
        assert texts[0] == texts[1]

    def test_lfs_batch(self, live: Live) -> None:
        """The batch asks for bytes it has under another namespace as for unknown ones."""
        live.api("ann").create_repo("ann/mine", exist_ok=True)
        size = len(live.content)
        objects = [{"oid": oid, "size": size} for oid in (digest_of(live), "ab" * 32)]
        answer = live.served.client.post(
            "/ann/mine.git/info/lfs/objects/batch",
            json={"operation": "upload", "transfers": ["basic"], "objects": objects},
            headers=live.served.headers("ann"),
        )
        held, unknown = (set(item["actions"]) for item in answer.json()["objects"])
        assert held == unknown
        assert "upload" in held

    def test_foreign_token(self, live: Live) -> None:
        """A token for one's own repository reads nothing of another namespace."""
        live.api("ann").create_repo("ann/mine", exist_ok=True)
        token = live.token("ann", "ann/mine").json()
        name = live.served.hub.xet.name_of("acme", digest_of(live))
        texts = set()
        for store in (token["casUrl"], token["casUrl"].replace("/ann", "/acme")):
            for file in (name, "0" * 64):
                answer = live.served.client.get(
                    f"{store}/v1/reconstructions/{file}",
                    headers={"Authorization": f"Bearer {token['accessToken']}"},
                )
                assert answer.status_code in (401, 404)
                texts.add((store, answer.status_code, answer.text))
        assert len(texts) == 2

    def test_shard_over_foreign_xorbs(self, live: Live) -> None:
        """The shard that made the file for its owner makes nothing for a stranger."""
        shards: list[bytes] = []
        for hub in live.served.hubs:

            def kept(namespace: str, data: bytes, put=hub.xet.put_shard, **stated):
                shards.append(data)
                return put(namespace, data, **stated)

            hub.xet.put_shard = kept  # type: ignore[method-assign]
        done = live.xet(
            "acme",
            "from huggingface_hub import HfApi\n"
            f"HfApi().upload_file(repo_id={NAME!r}, path_in_repo='fourth.bin',"
            " path_or_fileobj=bytes(range(256)) * 9000)",
        )
        for hub in live.served.hubs:
            del hub.xet.put_shard
        assert done.returncode == 0, done.stderr
        assert shards
        live.api("ann").create_repo("ann/mine", exist_ok=True)
        token = live.token("ann", "ann/mine", "write").json()
        before = sorted(live.served.kept("blobs/", "xet/ann/"))
        for data in shards:
            answer = live.served.client.post(
                f"{token['casUrl']}/v1/shards",
                content=data,
                headers={"Authorization": f"Bearer {token['accessToken']}"},
            )
            assert (answer.status_code, answer.json()["code"]) == (400, "hub.shard")
            assert "were not sent here" in answer.json()["error"]
        assert sorted(live.served.kept("blobs/", "xet/ann/")) == before

    def test_links_are_theirs_alone(self, live: Live) -> None:
        """A link with one sign changed, or for other bytes of the file, gives nothing."""
        answer = reconstruct(live, "acme", NAME, "bytes=0-99")
        ((place,),) = answer.json()["fetch_info"].values()
        url, client = place["url"], live.served.client
        low, high = place["url_range"]["start"], place["url_range"]["end"]
        good = client.get(url, headers={"Range": f"bytes={low}-{high}"})
        assert good.status_code == 206
        for at in (-1, -40, -200):
            other = "A" if url[at] != "A" else "B"
            changed = url[:at] + other + (url[at + 1 :] if at != -1 else "")
            assert client.get(changed).status_code == 403
        beyond = client.get(url, headers={"Range": f"bytes={low}-{high + 5000}"})
        assert len(beyond.content) == high - low + 1
        assert client.get(url, headers={"Range": f"bytes={high + 1}-"}).status_code == 416

    def test_global_dedup_is_off(self, live: Live) -> None:
        """Whether a chunk is known anywhere is not answered, to nobody."""
        token = live.token("acme").json()
        bearer = {"Authorization": f"Bearer {token['accessToken']}"}
        for path in ("v1/chunks/default-merkledb/" + "0" * 64, "v2/reconstructions/" + "0" * 64):
            assert live.served.client.get(f"{token['casUrl']}/{path}").status_code in (401, 404)
            answer = live.served.client.get(f"{token['casUrl']}/{path}", headers=bearer)
            assert answer.status_code == 404

    def test_the_second_form_asks_for_the_same_right(self, live: Live) -> None:
        """`/v2/reconstructions` names the same bytes as `/v1/`, for the same people."""
        name = live.served.hub.xet.name_of("acme", digest_of(live))
        told = live.token("acme").json()
        bearer = {"Authorization": f"Bearer {told['accessToken']}"}
        first, second = (
            live.served.client.get(
                f"{told['casUrl']}/v{form}/reconstructions/{name}", headers=bearer
            )
            for form in (1, 2)
        )
        assert first.json()["terms"] == second.json()["terms"]
        for xorb, found in second.json()["xorbs"].items():
            old = first.json()["fetch_info"][xorb]
            ranges = [span for each in found for span in each["ranges"]]
            assert [span["chunks"] for span in ranges] == [each["range"] for each in old]
            assert [span["bytes"] for span in ranges] == [each["url_range"] for each in old]
        theirs = live.token("ann", name="ann/none", right="read")
        assert theirs.status_code == 404
        path = f"{told['casUrl']}/v2/reconstructions/{name}"
        assert live.served.client.get(path).status_code == 401

    def test_where_the_file_lies_is_said_to_its_readers(self, live: Live) -> None:
        """Clients in browsers ask how to fetch a file; nobody else hears more than before."""
        path, accept = (
            f"/{NAME}/resolve/main/model.safetensors",
            "application/vnd.xet-fileinfo+json",
        )
        owner = {**live.served.headers("acme"), "Accept": accept}
        answer = live.served.client.get(path, headers=owner)
        assert answer.headers["Content-Type"] == accept
        assert answer.json()["size"] == len(live.content)
        assert 'rel="xet-reconstruction-info"' in answer.headers["Link"]
        other = {**live.served.headers("ann"), "Accept": accept}
        assert live.served.client.get(path, headers=other).status_code in (403, 404)
        for method in ("HEAD", "GET"):
            # An answer to the file itself, kept for a second, is none to this question.
            live.served.client.request(method, path, headers=live.served.headers("acme"))
            again = live.served.client.request(method, path, headers=owner)
            assert again.headers["Content-Type"] == accept

    def test_the_honest_upload_works(self, live: Live) -> None:
        """The stranger who really sends the same bytes has them, in their own namespace."""
        live.api("ann").create_repo("ann/mine", exist_ok=True)
        done = live.xet(
            "ann",
            "from huggingface_hub import HfApi\n"
            "HfApi().upload_file(repo_id='ann/mine', path_in_repo='m.bin',"
            f" path_or_fileobj={str(live.root / 'model.safetensors')!r})",
        )
        assert done.returncode == 0, done.stderr
        possession: Possession = live.served.hub.workspace.possession
        assert possession.require("ann", digest_of(live)) == len(live.content)
        assert live.served.kept("blobs/").count(digest_of(live)) == 1
        assert fetched(live, "ann", "ann/mine", None) == live.content


def test_read_tokens_do_not_write(live: Live) -> None:
    """A token for reading sends no xorb, and a reader gets no token for writing."""
    token = live.token("acme").json()
    answer = live.served.client.post(
        f"{token['casUrl']}/v1/xorbs/default/{'0' * 64}",
        content=b"x",
        headers={"Authorization": f"Bearer {token['accessToken']}"},
    )
    assert answer.status_code == 401
    with pytest.raises(HfHubHTTPError):
        live.api("ann").upload_file(path_or_fileobj=b"\0x", path_in_repo="x.bin", repo_id=NAME)
    assert live.token("ann", right="write").status_code == 404


def reconstruct(live: Live, user: str, name: str, stated: str | None = None):
    """Ask where the parts of the large file lie, with this user's token for `name`."""
    token = live.token(user, name).json()
    file = live.served.hub.xet.name_of(name.partition("/")[0], digest_of(live))
    headers = {"Authorization": f"Bearer {token.get('accessToken', '')}"}
    if stated is not None:
        headers["Range"] = stated
    url = f"{token.get('casUrl', live.url)}/v1/reconstructions/{file}"
    return live.served.client.get(url, headers=headers)


def fetched(live: Live, user: str, name: str, stated: str | None) -> bytes:
    """Fetch a range as a client does: terms, links, chunk headers taken off."""
    answer = reconstruct(live, user, name, stated)
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    found = bytearray()
    for term in plan["terms"]:
        (place,) = plan["fetch_info"][term["hash"]]
        low, high = place["url_range"]["start"], place["url_range"]["end"]
        got = live.served.client.get(place["url"], headers={"Range": f"bytes={low}-{high}"})
        assert (got.status_code, len(got.content)) == (206, high - low + 1)
        at, before = 0, len(found)
        while at < len(got.content):
            length = int.from_bytes(got.content[at + 1 : at + 4], "little")
            found += got.content[at + 8 : at + 8 + length]
            at += 8 + length
        assert len(found) - before == term["unpacked_length"]
    skipped = plan["offset_into_first_range"]
    if stated is None:
        return bytes(found[skipped:])
    first, _, last = stated.removeprefix("bytes=").partition("-")
    return bytes(found[skipped : skipped + int(last) - int(first) + 1])
