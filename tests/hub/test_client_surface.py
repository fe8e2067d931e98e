"""What stock clients ask beside files and commits, and how a hub says no."""

import json
import struct
from pathlib import Path

import pytest

from hub_served import Served
from hub_world import NOW, World
from openweir.tier import Tier

huggingface_hub = pytest.importorskip("huggingface_hub")
from huggingface_hub import HfApi  # noqa: E402 - only where it is installed
from huggingface_hub.errors import HfHubHTTPError  # noqa: E402 - as above


def tensors(names: dict[str, list[int]], metadata: dict[str, str] | None = None) -> bytes:
    """A safetensors file of 32-bit numbers."""
    at, header = 0, {} if metadata is None else {"__metadata__": metadata}
    for name, shape in names.items():
        size = 4
        for axis in shape:
            size *= axis
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


FILES = {
    "README.md": b"---\nlicense: mit\npipeline_tag: text-generation\ntags: [small]\n---\n# A model\n",
    "model-1.safetensors": tensors({"a": [2, 3]}, {"format": "pt"}),
    "model-2.safetensors": tensors({"b": [4]}),
    "model.safetensors.index.json": json.dumps(
        {
            "metadata": {"total_size": 40, "share": 0.5},
            "weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"},
        }
    ).encode(),
}


@pytest.fixture
def served(tmp_path: Path):
    """A hub with an open and a gated release of tensors, and a draft of `acme`."""
    found = Served(World(tmp_path / "world"), tmp_path)
    for name, tier in (("acme/open", Tier.OPEN_WEIGHTS), ("acme/small", Tier.GATED_WEIGHTS)):
        assert found.publish(found.world.release(name, tier=tier, files=FILES)).is_success
    found.settle()
    body = {"name": "draft", "type": "model"}
    found.client.post("/api/repos/create", json=body, headers=found.headers("acme"))
    yield found
    found.close()


def get(served: Served, path: str, user: str | None = None):
    """One request."""
    return served.client.get(path, headers=served.headers(user))


class TestTensors:
    """Names and shapes of all tensors in one answer, for whoever may read the files."""

    _PATH = "/api/models/acme/{}/safetensors-metadata/{}"

    def test_the_client_reads_them(self, served: Served) -> None:
        """The stock client gets of a sharded model what it gets by reading each file itself."""
        with served.live() as url:
            api = HfApi(endpoint=url, token=served.tokens["granted"])
            found = api.get_sharded_safetensors_metadata("acme/small")
            single = api.parse_safetensors_file_metadata("acme/small", "model-1.safetensors")
        assert found.weight_map == {"a": "model-1.safetensors", "b": "model-2.safetensors"}
        assert found.files_metadata["model-1.safetensors"] == single
        assert found.metadata == {"total_size": 40, "share": "0.5"}

    def test_one_file(self, served: Served) -> None:
        """A file that stands alone is told of in the same form."""
        found = get(served, self._PATH.format("open", "model-2.safetensors")).json()
        assert found["headers"]["model-2.safetensors"]["b"]["shape"] == [4]

    def test_permission_is_that_of_the_file(self, served: Served) -> None:
        """Who may not read a gated file hears of it what they hear at its address."""
        for user, status in ((None, 401), ("ann", 403), ("rejected", 403), ("granted", 200)):
            path = self._PATH.format("small", "model.safetensors.index.json")
            answer = get(served, path, user)
            assert answer.status_code == status
            if status != 200:
                assert answer.headers["X-Error-Code"] == "GatedRepo"
                assert b"F32" not in answer.content

    def test_a_draft(self, served: Served) -> None:
        """Members read their own draft's; to others there is none."""
        line = {"key": "file", "value": {"path": "d/m.safetensors", "encoding": "base64"}}
        line["value"]["content"] = __import__("base64").b64encode(tensors({"x": [1]})).decode()
        body = json.dumps({"key": "header", "value": {"summary": "s"}}) + "\n" + json.dumps(line)
        path = "/api/models/acme/draft/commit/main"
        done = served.client.post(path, content=body, headers=served.headers("acme"))
        assert done.status_code == 200
        path = self._PATH.format("draft", "d/m.safetensors")
        assert "x" in get(served, path, "acme").json()["headers"]["m.safetensors"]
        assert get(served, path, "ann").status_code == 404

    @pytest.mark.parametrize(("path", "status"), [("none", 404), ("README.md", 422)])
    def test_what_has_none(self, served: Served, path: str, status: int) -> None:
        """A file that is missing or holds no tensors is refused in a sentence."""
        answer = get(served, self._PATH.format("open", path))
        assert answer.status_code == status
        assert answer.json()["error"] == answer.headers["X-Error-Message"]


class TestInformation:
    """A release is told of by its card, its tags and as much as is asked for."""

    def test_the_card_of_a_release(self, served: Served) -> None:
        """Whoever may read the card finds what it says in information, lists and filters."""
        info = get(served, "/api/models/acme/open").json()
        assert info["cardData"]["license"] == "mit"
        assert info["pipeline_tag"] == "text-generation"
        assert {"openweir", "license:mit", "small"} <= set(info["tags"])
        for word in ("small", "license:mit", "text-generation"):
            found = get(served, f"/api/models?filter={word}").json()
            assert [item["id"] for item in found] == ["acme/open"]
        assert "cardData" not in get(served, "/api/models/acme/small").json()
        assert "cardData" in get(served, "/api/models/acme/small", "granted").json()

    def test_expand(self, served: Served) -> None:
        """`expand[]` gives these properties and the id."""
        path = "/api/models/acme/open?expand[]=sha&expand[]=gated"
        assert get(served, path).json().keys() == {"_id", "id", "sha", "gated"}
        commits = get(served, "/api/models/acme/open/commits/main?expand[]=formatted").json()
        assert commits[0]["formatted"]["title"] == commits[0]["title"]


class TestPeople:
    """Accounts and organisations are told of to those whose they are."""

    def test_oneself_and_ones_own(self, served: Served) -> None:
        """The client's calls about oneself work; a stranger and nobody get one answer."""
        served.hub.accounts.add_organisation("lab", at=NOW, full_name="A laboratory")
        served.hub.accounts.set_member("lab", "ann", "write")
        with served.live() as url:
            api = HfApi(endpoint=url, token=served.tokens["ann"])
            assert api.get_user_overview("ann").fullname == "ann"
            assert api.get_organization_overview("lab").num_users == 1
            assert [one.username for one in api.list_organization_members("lab")] == ["ann"]
            api.create_repo("lab/w")
            api.create_repo("ann/t", repo_type="dataset")
            kept = [(item.id, item.type) for item in api.list_user_repos()]
            assert kept == [("ann/t", "dataset")]
            assert [item.id for item in api.list_user_repos("lab")] == ["lab/w"]
        assert get(served, "/api/settings/repositories").status_code == 401
        asked = [f"/api/users/{name}/overview" for name in ("acme", "none")]
        asked += [f"/api/organizations/{name}/members" for name in ("lab", "none")]
        for path in asked:
            user = "ann" if "users" in path else "acme"
            answer = get(served, path, user)
            assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "UnknownUser")

    def test_ones_repositories_come_by_pages(
        self, served: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every repository once, over a page's end and over the change of kinds."""
        from openweir.hub.api import people

        monkeypatch.setattr(people, "_PAGE", 2)
        for kind in ("model", "dataset"):
            for name in ("a", "b", "c"):
                body = {"name": name, "type": kind}
                served.client.post("/api/repos/create", json=body, headers=served.headers("ann"))
        with served.live() as url:
            api = HfApi(endpoint=url, token=served.tokens["ann"])
            found = [(item.type, item.id) for item in api.list_user_repos()]
        assert found == [
            (kind, f"ann/{name}") for kind in ("model", "dataset") for name in ("a", "b", "c")
        ]


class TestNo:
    """Every refusal carries a code, a sentence and the request's id, in headers and as JSON."""

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/api/models/acme/none", 404),
            ("/api/models/acme/small/user-access-request/pending", 403),
            ("/api/models/acme/open/user-access-request/pending", 403),
            ("/api/models/acme/open/tree/other", 404),
            ("/api/models?limit=0", 400),
            ("/acme/open/resolve/main/none", 404),
            ("/acme/small/resolve/main/README.md", 403),
            ("/acme/open.git/info/refs?service=git-upload-pack", 501),
            ("/api/openweir/cas/x/acme/v1/chunks/default/aa", 404),
            ("/api/openweir/cas/x/acme/v1/reconstructions/aa", 401),
            ("/api/openweir/xet/aa", 403),
            ("/api/nothing", 501),
            ("/api/whoami-v2", 401),
        ],
    )
    def test_the_form(self, served: Served, path: str, status: int) -> None:
        """One form for all."""
        headers = {"Authorization": "Bearer hf_x"} if status == 401 else served.headers("ann")
        answer = served.client.get(path, headers=headers)
        assert answer.status_code == status
        assert answer.headers["X-Error-Code"]
        assert answer.headers["X-Request-Id"]
        assert answer.json()["error"] == answer.headers["X-Error-Message"]

    def test_what_is_not_kept_here(self, served: Served) -> None:
        """The client's methods for it fail with what there is instead, and at once."""
        with served.live() as url:
            api = HfApi(endpoint=url, token=served.tokens["acme"])
            calls = {
                "discussions": lambda: list(api.get_repo_discussions("acme/draft")),
                "webhooks": api.list_webhooks,
                "collections": lambda: list(api.list_collections()),
                "spaces": lambda: api.space_info("acme/app"),
                "jobs": lambda: list(api.list_jobs(namespace="acme")),
                "papers": lambda: list(api.list_papers(query="x")),
                "likes": lambda: list(api.list_repo_likers("acme/draft")),
                "lists of tags": api.get_model_tags,
            }
            for thing, call in calls.items():
                with pytest.raises(HfHubHTTPError, match=f"this hub keeps no {thing}") as found:
                    call()
                assert found.value.response.status_code == 501

    def test_what_clients_do_by_themselves(self, served: Served) -> None:
        """Background questions get quiet answers."""
        assert get(served, "/api/agent-harnesses").json() == {
            "standardEnvVars": [],
            "harnesses": {},
        }
        for method, path in (
            ("HEAD", "/api/telemetry/a/b"),
            ("POST", "/cas/v1/telemetry"),
        ):
            assert served.client.request(method, path).status_code == 204
