"""Our hub as a process: `python ours.py FOLDER MIB` prints its address and its tokens."""

import json
import socket
import sys
from pathlib import Path

import uvicorn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy"))

from process import PARTS, READERS, RELEASES

from hub_served import Served
from hub_world import World, weights
from openweir.web.app import application

_PIECE = bytes(range(256)) * 4096


def main() -> None:
    """Publish one gated release with a large file, and serve until told to stop."""
    root, mebibytes = Path(sys.argv[1]), int(sys.argv[2])
    served = Served(World(root / "world"), root)
    content = b"".join(number.to_bytes(8, "little") + _PIECE[8:] for number in range(mebibytes))
    # As long as was asked for, header included: the hub releases no weights that are none.
    content = weights(content[: 2 * len(content) - len(weights(content))])
    files = {"README.md": b"# x\n", "model.safetensors": content}
    answer = served.publish(served.world.release("acme/large", files=files))
    assert answer.status_code == 200, answer.text
    owner = served.headers("acme")
    made = served.client.post("/api/repos/create", json={"name": "many"}, headers=owner)
    assert made.status_code == 200, made.text
    lines = [{"key": "header", "value": {"summary": "many", "description": ""}}]
    lines += [
        {
            "key": "file",
            "value": {
                "path": f"folder-{number % 100}/{number}.json",
                "encoding": "base64",
                "content": "e30=",
            },
        }
        for number in range(10_000)
    ]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    answer = served.client.post("/api/models/acme/many/commit/main", content=content, headers=owner)
    assert answer.status_code == 200, answer.text
    _crowd(served)
    served.settle("acme/large")
    bound = socket.create_server(("127.0.0.1", 0), backlog=512)
    told = {"url": f"http://127.0.0.1:{bound.getsockname()[1]}", **served.tokens}
    config = uvicorn.Config(
        application(served.hub), log_level="error", access_log=False, server_header=False
    )
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[bound])


def _crowd(served: Served) -> None:
    """Publish five gated releases of forty files each, open to ten readers."""
    readers = [f"reader-{number}" for number in range(READERS)]
    for user in readers:
        served.hub.accounts.add(user, publisher=False, at=served.now)
        served.tokens[user] = served.hub.accounts.new_token(user, at=served.now)
    for number in range(RELEASES):
        name = f"acme/first-{number}"
        files = {
            f"part-{part}.safetensors": weights(bytes((number, part)) * 512)
            for part in range(PARTS)
        }
        answer = served.publish(served.world.release(name, files=files))
        assert answer.status_code == 200, answer.text
        for user in readers:
            answer = served.client.post(
                f"/api/openweir/releases/{name}/grants",
                json={"user": user},
                headers=served.headers("acme"),
            )
            assert answer.status_code == 200, answer.text


if __name__ == "__main__":
    main()
