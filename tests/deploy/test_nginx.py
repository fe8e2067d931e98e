"""The one nginx.conf, in a real nginx: what reaches the hub, and what does not."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from hub_scale import behind_nginx
from servers import Servers, free_port, hub_conf, outer_conf

pytestmark = pytest.mark.peer


@dataclass
class Behind:
    """Servers that tell what reached them, and nginx before them."""

    url: str
    names: list[str]
    first: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def behind() -> Iterator[Behind]:
    """Three that answer, and one address that nobody listens on."""
    found = Behind("", [])

    class Telling(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._tell(b"")

        def do_PUT(self) -> None:
            left, body = int(self.headers["Content-Length"]), b""
            while left:
                piece = self.rfile.read1(min(left, 65536))
                found.first.set()
                left -= len(piece)
                body = piece[-8:]
            self._tell(body)

        def _tell(self, body: bytes) -> None:
            told = {
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "server": self.server.server_port,
                "path": self.path,
                "end": body.decode(),
            }
            answer = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ExitStack() as stack:
        ports = []
        for _ in range(3):
            server = ThreadingHTTPServer(("127.0.0.1", 0), Telling)
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            ports.append(server.server_port)
        servers = stack.enter_context(Servers())
        found.url = behind_nginx(servers, [*ports, free_port()])
        found.names = [str(port) for port in ports]
        yield found


def test_nginx_takes_the_file(tmp_path: Path) -> None:
    """`nginx -t` has no word against it."""
    with Servers() as servers:
        behind_nginx(servers, [free_port()])
    conf = tmp_path / "nginx.conf"
    conf.write_text(outer_conf(tmp_path, hub_conf(free_port(), [1, 2])), encoding="utf-8")
    done = subprocess.run(
        ["nginx", "-t", "-q", "-p", tmp_path, "-c", conf],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_all_are_asked_in_turns(behind: Behind) -> None:
    """Requests go to every replica; one that is not there costs no request."""
    with httpx.Client(base_url=behind.url) as client:
        asked = [str(client.get("/").json()["server"]) for _ in range(12)]
    assert set(asked) == set(behind.names)
    assert max(asked.count(name) for name in behind.names) <= 6


def test_what_a_client_claims_of_itself(behind: Behind) -> None:
    """Address, front and connection are nginx's word; the host and the token are the client's."""
    claimed = {
        "X-Forwarded-For": "10.1.2.3",
        "X-Real-IP": "10.1.2.3",
        "Forwarded": "for=10.1.2.3",
        "X-Openweir-Front": "/etc/",
        "Authorization": "Bearer hf_x",
        "Host": "hub.example:8443",
        "Range": "bytes=5-",
    }
    seen = httpx.get(f"{behind.url}/a%2Fb?c=d", headers=claimed).json()
    headers = seen["headers"]
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == "127.0.0.1"
    assert "forwarded" not in headers
    assert headers["x-openweir-front"] == "/_blobs/"
    assert headers["x-forwarded-proto"] == "http"
    assert (headers["host"], headers["authorization"]) == ("hub.example:8443", "Bearer hf_x")
    assert headers["range"] == "bytes=5-"
    # `refs%2Fpr%2F1` is one part of a path: it has to arrive as it was written.
    assert seen["path"] == "/a%2Fb?c=d"


def test_uploads_pass_through_as_they_come(behind: Behind) -> None:
    """A replica has the first bytes before the client has sent the last, of whatever length."""

    def pieces() -> Iterator[bytes]:
        yield b"x" * 1_000_000
        assert behind.first.wait(10), "nginx holds the body back"
        for _ in range(20):
            yield b"y" * 1_000_000
        yield b"the  end"

    length = {"Content-Length": str(21_000_008)}
    answer = httpx.put(f"{behind.url}/up", content=pieces(), headers=length, timeout=30)
    assert (answer.status_code, answer.json()["end"]) == (200, "the  end")


@pytest.mark.parametrize(
    "path", ["/metrics", "/readyz", "/_blobs/ab/cd", "/%6detrics", "/./metrics"]
)
def test_what_is_for_inside_stays_inside(behind: Behind, path: str) -> None:
    """Numbers and readiness are not for clients, nor is any file by its name."""
    with httpx.stream("GET", behind.url + path) as answer:
        assert answer.status_code == 404
        assert "nginx/" not in answer.headers["server"]
