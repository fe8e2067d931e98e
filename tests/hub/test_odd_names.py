"""Files and folders as people name them: every one goes up and comes back byte by byte."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from hub_live import listening
from hub_served import Served
from hub_world import World, weights
from openweir.tier import Tier

pytest.importorskip("huggingface_hub")
from huggingface_hub import HfApi, HfFileSystem

pytestmark = pytest.mark.peer

ODD = (
    *("a b.txt", "h#sh.txt", "q?.txt", "p%41.txt", "%.txt", "plus+amp&=;,.txt", "quote'\"x.txt"),
    *("br[1]{2}.txt", "tilde~!@$^()`|<>.txt", "\u00e9.txt", "sub/.hidden"),
    *("ünï/日本語 模型.safetensors", "llama-🦙.txt", "long/" + "n" * 200 + ".txt"),
    "/".join(["deep"] * 40) + "/x.txt",
)
FILES: Mapping[str, bytes] = {"empty.txt": b""} | {
    path: weights(path.encode() * 9) if path.endswith(".safetensors") else path.encode()
    for path in ODD
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A listening hub with an open release of these files."""
    root = tmp_path_factory.mktemp("odd")
    served = Served(World(root / "world"), root)
    released = served.publish(served.world.release("acme/odd", tier=Tier.OPEN_WEIGHTS, files=FILES))
    assert released.is_success, released.text
    with listening(served.hub) as url:
        yield served, url
    served.close()


def same(folder: Path) -> bool:
    """Whether a folder holds each of the files."""
    return all((folder / path).read_bytes() == data for path, data in FILES.items())


def test_a_release_comes_back(hub: tuple[Served, str], tmp_path: Path) -> None:
    """By snapshot, into the cache and into a folder, and by the file system of the client."""
    api = HfApi(endpoint=hub[1], token=False)
    assert same(Path(api.snapshot_download("acme/odd", cache_dir=tmp_path / "cache")))
    assert same(Path(api.snapshot_download("acme/odd", local_dir=tmp_path / "local")))
    assert set(FILES) <= set(api.list_repo_files("acme/odd"))
    found = api.get_paths_info("acme/odd", list(FILES))
    assert {(item.path, item.size) for item in found} == {(p, len(d)) for p, d in FILES.items()}
    system = HfFileSystem(endpoint=hub[1], token=False, skip_instance_cache=True)
    assert system.cat_file("acme/odd/a b.txt") == FILES["a b.txt"]


def test_a_folder_goes_up_and_comes_back(hub: tuple[Served, str], tmp_path: Path) -> None:
    """With links followed, what hangs in the air left out, and an empty folder forgotten."""
    served, url = hub
    api = HfApi(endpoint=url, token=served.tokens["acme"])
    api.create_repo("acme/folder")
    work = tmp_path / "work"
    for path, data in FILES.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(data)
    # A release refuses it, since two spellings look alike; a draft holds what one has.
    (work / "e\u0301.txt").write_bytes(b"decomposed")
    (work / "link.txt").symlink_to("a b.txt")
    (work / "dangling.txt").symlink_to("nowhere")
    (work / "nothing").mkdir()
    api.upload_folder(folder_path=work, repo_id="acme/folder")
    back = Path(api.snapshot_download("acme/folder", cache_dir=tmp_path / "cache"))
    assert same(back)
    assert (back / "link.txt").read_bytes() == FILES["a b.txt"]
    assert (back / "e\u0301.txt").read_bytes() == b"decomposed"
    more = {"link.txt", "e\u0301.txt", ".gitattributes"}
    assert set(api.list_repo_files("acme/folder")) == {*FILES, *more}


@pytest.mark.parametrize("kept", ["/", "", "/!'()*~$&+,;=:@"])
def test_in_every_spelling_of_an_address(hub: tuple[Served, str], kept: str) -> None:
    """Percent-encoded whole, by parts, or as little as RFC 3986 asks; with a query behind it."""
    served, _ = hub
    for path, data in FILES.items():
        for way in ("resolve", "raw"):
            spelled = f"/acme/odd/{way}/main/{quote(path, safe=kept)}?download=true"
            answer = served.client.get(spelled, headers={"Accept-Encoding": "gzip, br"})
            assert answer.status_code == 200, spelled
            if way == "resolve":
                assert answer.content == data
                assert "content-encoding" not in answer.headers


@pytest.mark.slow
def test_a_thousand_files_in_a_folder(hub: tuple[Served, str], tmp_path: Path) -> None:
    """They go up in one call and are listed by pages."""
    served, url = hub
    api = HfApi(endpoint=url, token=served.tokens["acme"])
    api.create_repo("acme/many")
    names = {f"many/{number:04}.txt" for number in range(1100)}
    (tmp_path / "many").mkdir()
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    api.upload_folder(folder_path=tmp_path, repo_id="acme/many")
    assert {item.path for item in api.list_repo_tree("acme/many", "many")} == names
    assert set(api.list_repo_files("acme/many")) >= names
