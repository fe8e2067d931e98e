"""A real headless Chromium for page tests: what a reader's browser makes of a page."""

import re
import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--enable-logging=stderr",
    "--virtual-time-budget=4000",
]


def need_chromium() -> str:
    """Return the browser's path, or skip the test."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not on the path: `make test` installs it where it may")
    return found


def dump(url: str, *, width: int = 1440) -> tuple[str, list[str]]:
    """Return (the page's DOM after loading, what the browser wrote to its console)."""
    browser = need_chromium()
    with tempfile.TemporaryDirectory() as profile:
        done = subprocess.run(
            [
                browser,
                *_FLAGS,
                f"--user-data-dir={profile}",
                f"--window-size={width},1200",
                "--dump-dom",
                url,
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout, re.findall(r":CONSOLE[^\n]*", done.stderr)


@contextmanager
def serving(pages: dict[str, tuple[str, bytes, dict[str, str]]]):
    """Serve `path -> (media type, body, headers)` on a loopback port; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            media, body, headers = pages.get(self.path.split("?")[0], ("text/plain", b"", {}))
            self.send_response(200 if body else 404)
            for name, value in (headers | {"Content-Type": media}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
