"""The scan at the hub's gate: nothing hostile is released, and members see what was found."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from gate_samples import PICKLES, SSTI, TORCH
from hub_served import Served
from hub_world import FILES, NOW, World, weights
from openweir.artifact import Verdict, VerdictKind, read
from openweir.dossier import Dossier, Finding
from openweir.hub import storage as storage_room
from openweir.hub.scan import Looked, check_scan, scan_files
from openweir.tier import Tier

AUTO = b'{"auto_map": {"AutoModel": "code.Model"}}'


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An empty hub."""
    found = Served(World(tmp_path / "world"), tmp_path)
    yield found
    found.close()


HOSTILE = {
    "a pickle": ("pytorch_model.bin", PICKLES["protocol 4"], "pickle"),
    "a pickle by another name": ("tokenizer.model", TORCH, "pickle"),
    "a program": ("run.sh", b"#!/bin/sh\nid\n", "executable"),
    "weights that lie": ("model.safetensors", b"\xff" * 64, "safetensors-length"),
    "a template that escapes": ("chat_template.jinja", SSTI.encode(), "template-escape"),
    "an index that climbs": (
        "model.safetensors.index.json",
        b'{"weight_map": {"a": "../../x.safetensors"}}',
        "index-traversal",
    ),
}


class TestAtPublication:
    """What opening would run is not released, whatever its decision says."""

    @pytest.mark.parametrize("case", sorted(HOSTILE))
    def test_hostile_files_are_refused(self, served: Served, case: str) -> None:
        """422 naming file and rule; no release, no byte kept."""
        path, content, rule = HOSTILE[case]
        files = {"README.md": b"# A model\n", path: content}
        answer = served.publish(served.world.release(files=files))
        assert answer.status_code == 422
        said = answer.json()["error"]
        assert said.startswith(f"check `scan` fails: `{path}` is refused (")
        assert rule in said
        assert "openweir scan" in said
        assert served.hub.store.current("acme/small") is None
        assert served.kept("blobs/", "staging/") == []

    def test_what_stays_in_the_house_is_not_looked_at(self, served: Served) -> None:
        """A pickle that the decision keeps in is never sent, so it hinders nothing."""
        files = {**FILES, "optimizer.pt": PICKLES["protocol 2"]}
        signed = served.world.release(files=files, tiers={"optimizer.pt": Tier.SEALED})
        assert served.publish(signed).status_code == 200

    def test_a_later_release_stays_as_it_was(self, served: Served) -> None:
        """A refused publication leaves the release in force alone."""
        assert served.publish(served.world.release()).status_code == 200
        before = served.hub.store.current("acme/small")
        worse = served.world.release(files={**FILES, "evil.bin": PICKLES["protocol 0"]})
        assert served.publish(worse).status_code == 422
        assert served.hub.store.current("acme/small") == before


def test_a_dossier_that_keeps_silent_is_refused(tmp_path: Path) -> None:
    """Code beside the weights passes only where the decision was made knowing of it."""
    (tmp_path / "config.json").write_bytes(AUTO)
    found = read(tmp_path).verdicts
    assert [item.verdict for item in found] == [VerdictKind.FLAGGED]
    silent = Dossier(
        name="acme/small",
        release_sha256=None,
        model_sha256=None,
        files=(),
        components=(),
        facts=(),
        findings=(),
    )
    telling = replace(
        silent,
        findings=(
            Finding(path="config.json", verdict="flagged", rules=("custom-code",), detail="x"),
        ),
    )
    check = check_scan(found, silent.to_bytes())
    assert not check.ok
    assert check.detail.startswith("`config.json` is custom-code (")
    assert "does not say so" in check.detail
    assert check_scan(found, telling.to_bytes()).ok
    assert check_scan(found, None).ok


class _Bucket(storage_room.Files):
    """Storage whose keys are no files of this machine."""

    def path(self, key: str) -> None:  # type: ignore[override]
        return None


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_a_bucket_is_looked_through_like_a_disk(tmp_path: Path, case: str) -> None:
    """Reading by ranges gives the verdicts that reading files gives."""
    path, content, _ = HOSTILE[case]
    found: list[tuple[Verdict, ...]] = []
    for kind in (storage_room.Files, _Bucket):
        store = kind(tmp_path / kind.__name__)
        writer = store.writer("staging/x/y")
        writer.write(content)
        writer.keep()
        looked = Looked(path=path, size=len(content), key="staging/x/y")
        found.append(scan_files(store, [looked]))
    assert found[0] == found[1]
    assert found[0][0].verdict is VerdictKind.REFUSED


def test_stock_clients_see_what_was_found(served: Served) -> None:
    """`securityFileStatus` and `securityStatus` as huggingface_hub reads them, of a draft."""
    served.hub.accounts.add("bob", publisher=False, at=NOW)
    with served.live() as address:
        api = HfApi(endpoint=address, token=served.tokens["acme"])
        api.create_repo("acme/draft")
        for path, content in (
            ("good.safetensors", weights(bytes(64))),
            ("evil.bin", PICKLES["protocol 2"]),
            ("config.json", AUTO),
        ):
            api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id="acme/draft")
        told = {
            item.path: item.security
            for item in api.get_paths_info(
                "acme/draft", ["good.safetensors", "evil.bin", "config.json"], expand=True
            )
        }
        assert [told[path].status for path in sorted(told)] == ["suspicious", "unsafe", "safe"]
        assert told["good.safetensors"].safe
        assert told["evil.bin"].pickle_import_scan["status"] == "unsafe"
        assert told["good.safetensors"].av_scan is None
        listed = api.list_repo_tree("acme/draft", expand=True)
        assert {item.path: item.security for item in listed if item.path in told} == told
        info = api.model_info("acme/draft", securityStatus=True)
        assert info.security_repo_status == {
            "scansDone": True,
            "filesWithIssues": [
                {"path": "config.json", "level": "suspicious"},
                {"path": "evil.bin", "level": "unsafe"},
            ],
        }
        assert api.get_paths_info("acme/draft", "evil.bin")[0].security is None


def test_only_so_many_files_are_looked_through_at_once(served: Served) -> None:
    """The rest is `queued`; a later request finds it."""
    assert served.publish(served.world.release()).status_code == 200
    release = served.hub.known("acme/small")
    assert release is not None
    scans = type(served.hub.scans)(served.hub.storage)
    files = [(file.path, file.size, file.sha256) for file in release.files]
    keys = {file.sha256: served.hub.blobs.key(file.sha256) for file in release.files}
    assert len(scans.verdicts(files, key_of=keys, most=2)) == 2
    assert len(scans.verdicts(files, key_of=keys, most=2)) == 4


def test_a_release_tells_it_too(served: Served) -> None:
    """Everybody who sees a release sees what was found in it."""
    assert served.publish(served.world.release()).status_code == 200
    api = "/api/models/acme/small"
    info = served.client.get(f"{api}?securityStatus=True").json()
    assert info["securityRepoStatus"]["scansDone"] is True
    assert "securityRepoStatus" not in served.client.get(api).json()
    form = {"paths": ["model.safetensors"], "expand": "True"}
    (found,) = served.client.post(f"{api}/paths-info/main", data=form).json()
    assert found["securityFileStatus"]["status"] == "safe"
    listed = served.client.get(f"{api}/tree/main?expand=true").json()
    assert all("securityFileStatus" in item for item in listed if item["type"] == "file")


def test_what_the_scan_quotes_is_for_readers(served: Served) -> None:
    """What was found in a gated file is said to everybody, its words to those who may read it."""
    trigger = b"{% if 'swordfish at dawn' in messages[0]['content'] %}x{% endif %}"
    files = {"README.md": b"# A model\n", "chat_template.jinja": trigger}
    assert served.publish(served.world.release(files=files)).status_code == 200
    served.settle()
    for user, quoted in ((None, False), ("rejected", False), ("granted", True)):
        headers, api = served.headers(user), "/api/models/acme/small"
        form = {"paths": ["chat_template.jinja"], "expand": "True"}
        answers = (
            served.client.post(f"{api}/paths-info/main", data=form, headers=headers),
            served.client.get(f"{api}/tree/main?expand=true", headers=headers),
            served.client.get(f"{api}?securityStatus=True", headers=headers),
        )
        assert all("suspicious" in answer.text for answer in answers)
        assert [b"swordfish" in answer.content for answer in answers] == [quoted, quoted, False]
