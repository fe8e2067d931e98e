"""Stock clients over a real socket: huggingface_hub in process, and the `hf` command."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from hub_served import Served
from hub_world import FILES, NOW, World
from openweir.tier import Tier

huggingface_hub = pytest.importorskip("huggingface_hub")
from huggingface_hub import HfApi, hf_hub_download, snapshot_download  # noqa: E402
from huggingface_hub.errors import (  # noqa: E402
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

pytestmark = pytest.mark.peer


@dataclass
class Live:
    """A hub that listens."""

    served: Served
    url: str
    cache: Path

    def api(self, user: str | None) -> HfApi:
        """The stock client as one user; False keeps it from finding any other token."""
        return HfApi(endpoint=self.url, token=self.token(user))

    def token(self, user: str | None) -> str | bool:
        """A user's token, or False for anonymous."""
        return False if user is None else self.served.tokens[user]

    def snapshot(self, user: str | None, name: str = "acme/small", **options: object) -> Path:
        """`snapshot_download` into a fresh cache."""
        return Path(
            snapshot_download(
                name,
                endpoint=self.url,
                token=self.token(user),
                cache_dir=self.cache / str(user),
                **options,  # type: ignore[arg-type]
            )
        )

    def hf(self, *words: str, user: str | None = None) -> "subprocess.CompletedProcess[str]":
        """The `hf` command with a home of its own."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        environment = {
            **clean,
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(self.cache / f"home-{user}"),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "*",
        }
        if user is not None:
            environment["HF_TOKEN"] = self.served.tokens[user]
        return subprocess.run(
            (str(Path(sys.executable).with_name("hf")), *words),
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A listening hub with one release per tier; it stops with the tests."""
    root = tmp_path_factory.mktemp("live")
    served = Served(World(root / "world"), root)
    for tier in Tier:
        assert served.publish(served.world.release(f"acme/{tier.word}", tier=tier)).is_success
    served.publish(served.world.release())
    served.settle()
    with served.live() as url:
        yield Live(served, url, root / "cache")
    served.close()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the statements and the client's own."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.relative_to(folder).parts[0] not in (".openweir", ".cache")
    }


class TestGate:
    """Refusals arrive as the exceptions that clients know."""

    @pytest.mark.parametrize("user", [None, "ann", "pending", "rejected", "ended", "acme"])
    def test_refused(self, live: Live, user: str | None) -> None:
        """Whoever has no grant in force gets GatedRepoError, and not one file."""
        with pytest.raises(GatedRepoError, match="gated"):
            live.snapshot(user)
        with pytest.raises(GatedRepoError, match="request-access"):
            live.api(user).auth_check("acme/small")
        assert not list((live.cache / str(user)).rglob("*.safetensors"))

    def test_granted(self, live: Live) -> None:
        """A granted user gets every byte, with the statements beside them."""
        folder = live.snapshot("granted")
        assert contents(folder) == dict(FILES)
        statements = {path.name for path in (folder / ".openweir").iterdir()}
        assert {"decision.json", "decision.dsse.json", "decision.tlog-proof"} <= statements
        live.api("granted").auth_check("acme/small")

    @pytest.mark.parametrize("tier", [Tier.OPEN_WEIGHTS, Tier.FULLY_OPEN])
    def test_open(self, live: Live, tier: Tier) -> None:
        """Anyone gets an open release."""
        assert contents(live.snapshot(None, f"acme/{tier.word}")) == dict(FILES)

    def test_sealed(self, live: Live) -> None:
        """A sealed release does not exist, for anyone."""
        for user in (None, "ann", "acme"):
            with pytest.raises(RepositoryNotFoundError, match="Not Found"):
                live.snapshot(user, "acme/sealed")
            with pytest.raises(RepositoryNotFoundError, match="Not Found"):
                live.api(user).model_info("acme/sealed")

    @pytest.mark.parametrize("tier", [Tier.TRUSTED_HOSTED, Tier.PUBLIC_HOSTED])
    def test_hosted(self, live: Live, tier: Tier) -> None:
        """A hosted release is there, without files."""
        name = f"acme/{tier.word}"
        assert live.api(None).model_info(name).siblings == []
        with pytest.raises(RemoteEntryNotFoundError, match="Not Found"):
            hf_hub_download(
                name, "README.md", endpoint=live.url, token=False, cache_dir=live.cache / "h"
            )

    def test_wrong_revision(self, live: Live) -> None:
        """Only the release in force has a commit."""
        with pytest.raises(RevisionNotFoundError, match="Revision Not Found"):
            live.snapshot(None, "acme/open-weights", revision="v1")
        with pytest.raises(RevisionNotFoundError, match="Revision Not Found"):
            live.snapshot(None, "acme/open-weights", revision="0" * 40)


class TestReading:
    """The rest of the read surface."""

    def test_information(self, live: Live) -> None:
        """Info, tree, paths, refs, commits and existence agree with the release."""
        api, name = live.api(None), "acme/open-weights"
        info = api.model_info(name, files_metadata=True)
        assert (info.gated, info.private, info.author) == (False, False, "acme")
        assert {item.rfilename for item in info.siblings or ()} > set(FILES)
        sizes = {item.rfilename: item.size for item in info.siblings or ()}
        assert sizes["model.safetensors"] == len(FILES["model.safetensors"])
        assert set(api.list_repo_files(name)) > set(FILES)
        tree = list(api.list_repo_tree(name, recursive=True))
        assert {item.path for item in tree} > set(FILES)
        (found,) = api.get_paths_info(name, ["config.json", "none.json"])
        assert found.path == "config.json"
        assert api.list_repo_refs(name).branches[0].target_commit == info.sha
        assert [item.commit_id for item in api.list_repo_commits(name)] == [info.sha]
        assert api.file_exists(name, "config.json")
        assert not api.file_exists(name, "none.json")
        assert api.repo_exists(name)
        assert not api.repo_exists("acme/absent")
        assert api.revision_exists(name, str(info.sha))
        assert live.api(None).model_info("acme/small").gated == "manual"

    def test_lists(self, live: Live) -> None:
        """Visible releases are listed, by author, by words, page after page."""
        api = live.api(None)
        names = [item.id for item in api.list_models(author="acme")]
        assert "acme/sealed" not in names
        assert names == sorted(names)
        assert [item.id for item in api.list_models(search="fully")] == ["acme/fully-open"]
        assert list(api.list_models(author="nobody")) == []
        assert len(list(api.list_models(limit=2))) == 2

    def test_who_am_i(self, live: Live) -> None:
        """A token names its user; a made-up one is refused."""
        assert live.api("ann").whoami()["name"] == "ann"
        with pytest.raises(HfHubHTTPError, match="Invalid user token"):
            HfApi(endpoint=live.url, token="hf_" + "x" * 37).whoami()

    def test_an_upload_is_a_draft_that_only_its_namespace_sees(self, live: Live) -> None:
        """What a stock client uploads comes back to its owner; to others it is not there."""
        owner, stranger = live.api("acme"), live.api("ann")
        owner.create_repo("acme/new")
        owner.upload_file(path_or_fileobj=b"x", path_in_repo="x.txt", repo_id="acme/new")
        assert owner.list_repo_files("acme/new") == [".gitattributes", "x.txt"]
        for api in (stranger, live.api(None)):
            with pytest.raises(RepositoryNotFoundError):
                api.list_repo_files("acme/new")
        with pytest.raises(RepositoryNotFoundError):
            stranger.upload_file(path_or_fileobj=b"y", path_in_repo="x.txt", repo_id="acme/new")


class TestAnswering:
    """The access-request API of the stock client."""

    def test_requests(self, live: Live) -> None:
        """The publisher lists, accepts, cancels, rejects and grants."""
        api, name = live.api("acme"), "acme/gated-weights"
        ask = f"/api/openweir/releases/{name}/requests"
        live.served.client.post(ask, json={"purpose": "x"}, headers=live.served.headers("ann"))
        (pending,) = api.list_pending_access_requests(name)
        assert (pending.username, pending.fields) == ("ann", {"purpose": "x"})
        api.accept_access_request(name, request_id=pending.request_id)
        live.api("ann").auth_check(name)
        api.cancel_access_request(name, "ann")
        with pytest.raises(GatedRepoError, match="pending"):
            live.api("ann").auth_check(name)
        api.reject_access_request(name, "ann", rejection_reason="no ethics approval")
        (rejected,) = api.list_rejected_access_requests(name)
        assert rejected.username == "ann"
        api.grant_access(name, "granted")
        assert [item.username for item in api.list_accepted_access_requests(name)] == ["granted"]
        with pytest.raises(HfHubHTTPError, match="has not asked"):
            api.accept_access_request(name, "nobody")
        with pytest.raises(HfHubHTTPError, match="may not answer"):
            live.api("ann").grant_access(name, "ann")


class TestCommand:
    """`hf` itself, in a process of its own."""

    def test_download_refused_then_served(self, live: Live, tmp_path: Path) -> None:
        """Anonymous: exit 1 and no weights; granted: every byte, and the cache verifies."""
        refused = live.hf("download", "acme/small", "--local-dir", str(tmp_path / "a"))
        assert refused.returncode == 1
        assert "requires approval" in refused.stderr
        assert not list(tmp_path.rglob("*.safetensors"))
        local = tmp_path / "b"
        served = live.hf("download", "acme/small", "--local-dir", str(local), user="granted")
        assert served.returncode == 0, served.stderr
        assert contents(local) == dict(FILES)

    def test_cache_verify(self, live: Live) -> None:
        """`hf cache verify` agrees with the hub about a downloaded snapshot."""
        done = live.hf("download", "acme/open-weights", user="ann")
        assert done.returncode == 0, done.stderr
        verified = live.hf("cache", "verify", "acme/open-weights", user="ann")
        assert verified.returncode == 0, verified.stdout + verified.stderr

    def test_login(self, live: Live) -> None:
        """`hf auth login --token` takes our tokens."""
        done = live.hf("auth", "login", "--token", live.served.tokens["ann"])
        assert done.returncode == 0, done.stdout + done.stderr
        whoami = live.hf("auth", "whoami")
        assert "ann" in whoami.stdout


class TestClock:
    """Grants end by themselves."""

    def test_the_last_day_of_a_grant(self, live: Live) -> None:
        """On the last day bytes are served, the day after they are not."""
        live.served.now = NOW
        live.api("ended").auth_check("acme/small")
        live.served.now = NOW + timedelta(days=1)
        with pytest.raises(GatedRepoError, match="ended on 2026-11-20"):
            live.api("ended").auth_check("acme/small")
