"""Ranges, conditions and heads as clients in the field write them."""

from collections.abc import Iterator

import pytest

from hub_served import Served
from hub_world import FILES, World
from openweir.tier import Tier

PATH = "/acme/small/resolve/main/model.safetensors"
WHOLE = FILES["model.safetensors"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub with an open and a gated release."""
    root = tmp_path_factory.mktemp("conditions")
    found = Served(World(root / "world"), root)
    assert found.publish(found.world.release(tier=Tier.OPEN_WEIGHTS)).is_success
    assert found.publish(found.world.release("acme/gated")).is_success
    yield found
    found.close()


@pytest.mark.parametrize(
    ("stated", "first"),
    [
        ("bytes=-100", len(WHOLE) - 100),
        ("bytes=5-18446744073709551615", 5),
        ("bytes=5-340282366920938463463374607431768211455", 5),
        ("Bytes=5-", 5),
        ("bytes=5- ", 5),
    ],
)
def test_a_range_to_the_end(served: Served, stated: str, first: int) -> None:
    """The largest number a client knows is the end; the unit is in whatever letters."""
    answer = served.client.get(PATH, headers={"Range": stated})
    assert answer.status_code == 206
    assert answer.content == WHOLE[first:]


class TestIfMatch:
    """RFC 9110, 13.1.1: what goes on from a version goes on with that version."""

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_another_version(self, served: Served, method: str) -> None:
        """Not a byte of another version, also where the head was just sent to somebody else."""
        served.client.request(method, PATH)
        tag = served.client.head(PATH).headers["etag"]
        for stated in ('"other"', f"W/{tag}"):
            answer = served.client.request(
                method, PATH, headers={"If-Match": stated, "Range": "bytes=0-3"}
            )
            assert answer.status_code == 412
            assert answer.content == b""
            assert answer.headers["x-error-code"] == "OtherVersion"

    def test_this_version(self, served: Served) -> None:
        """Its tag, one of several, and any."""
        tag = served.client.head(PATH).headers["etag"]
        for stated in (tag, f'"x", {tag}', "*"):
            headers = {"If-Match": stated, "Range": "bytes=0-3"}
            assert served.client.get(PATH, headers=headers).content == WHOLE[:4]

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_the_pointer_of_a_large_file(self, served: Served, method: str) -> None:
        """`/raw/` hears the same conditions, of its own tag."""
        path = PATH.replace("/resolve/", "/raw/")
        tag = served.client.head(path).headers["etag"]
        for headers, status in (
            ({"If-Match": '"other"'}, 412),
            ({"If-Match": tag}, 200),
            ({"If-None-Match": tag}, 304),
            ({"If-None-Match": '"other"'}, 200),
        ):
            answer = served.client.request(method, path, headers=headers)
            assert answer.status_code == status
            assert bool(answer.content) == (status == 200 and method == "GET")
            assert (answer.headers.get("x-error-code") == "OtherVersion") == (status == 412)


class TestHeads:
    """A head says what the answer with a body would."""

    def test_what_one_has_by_its_head(self, served: Served) -> None:
        """Asked twice, the second time from memory, it is 304 both times."""
        tag = served.client.head(PATH).headers["etag"]
        for _ in range(2):
            assert served.client.head(PATH, headers={"If-None-Match": tag}).status_code == 304

    def test_there_is_no_part_of_a_head(self, served: Served) -> None:
        """A range means a body (RFC 9110, 14.2): with it the head is the same, kept or not."""
        plain = served.client.head(PATH)
        for more in ({}, {"If-Match": plain.headers["etag"]}):
            answer = served.client.head(PATH, headers={"Range": "bytes=5-9", **more})
            assert answer.status_code == 200
            assert answer.headers["content-length"] == str(len(WHOLE))
            assert "content-range" not in answer.headers

    @pytest.mark.parametrize(
        "path",
        [
            "/acme/gated/resolve/main/model.safetensors",
            "/acme/gated/raw/main/model.safetensors",
            "/acme/nothing/resolve/main/x",
            "/acme/small/resolve/main/none",
            "/api/models/acme/nothing",
        ],
    )
    def test_a_refused_head_claims_no_json(self, served: Served, path: str) -> None:
        """Clients read a body of the type they are told, and there is none."""
        got, head = served.client.get(path), served.client.head(path)
        assert head.status_code == got.status_code >= 400
        assert head.headers.get("x-error-message") == got.headers.get("x-error-message")
        assert "content-type" not in head.headers
        assert head.content == b""


def test_data_sets_are_listed_apart(served: Served) -> None:
    """A list of data sets holds no model, and the other way round."""
    for kind in ("model", "dataset"):
        body = {"name": f"own-{kind}", "type": kind}
        served.client.post("/api/repos/create", json=body, headers=served.headers("acme"))
    assert served.client.get("/api/datasets").json() == []
    for query in ("", "?sort=lastModified", "?author=acme&limit=1"):
        found = served.client.get(f"/api/datasets{query}", headers=served.headers("acme")).json()
        assert [item["id"] for item in found] == ["acme/own-dataset"]
    models = served.client.get("/api/models", headers=served.headers("acme")).json()
    assert {item["id"] for item in models} == {"acme/gated", "acme/own-model", "acme/small"}


def test_a_tag_may_name_a_build(served: Served) -> None:
    """`v1.0+cu` is a version as packages have it (PEP 440, local versions)."""
    owner = served.headers("acme")
    body = {"name": "tagged", "type": "model"}
    served.client.post("/api/repos/create", json=body, headers=owner)
    base = "/api/models/acme/tagged"
    assert served.client.post(f"{base}/tag/main", json={"tag": "v1.0+cu"}, headers=owner).is_success
    for spelled in ("v1.0+cu", "v1.0%2Bcu"):
        assert served.client.get(f"{base}/revision/{spelled}", headers=owner).is_success
