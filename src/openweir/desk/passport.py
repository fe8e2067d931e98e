"""`openweir access passport`: show a hub who vouches for you, by a login at your institution.

The provider sends the browser back to this machine (RFC 8252, loopback redirect) with a code,
which goes to the hub with the user's token; the hub trades it in. Nothing is kept here.
"""

import time
import webbrowser
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

from openweir.canonical import Object
from openweir.desk.access import Access
from openweir.errors import HubError, UsageError

__all__ = ["in_browser", "passport", "status"]

_API = "api/openweir/passport"
_SECONDS = 300
_DONE = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Openweir</title>
<p>Done: go back to the command that sent you here.</p></html>"""
_MOST_ASKED = 100


def status(access: Access) -> Object:
    """Return how well the hub knows the user, by which visas, and where a request stands.

    Args:
        access: with the name of a release, or an empty one to ask about the person only.

    Returns:
        `level`, `until`, `visas`, `providers`, and `access` where a release is named.

    Raises:
        HubError: refused (`hub.refused`), or the hub is out of reach.
        UsageError: the hub wants a token.
    """
    with access.client() as client:
        found = dict(client.call("GET", _API).value)
        if access.name:
            found["access"] = client.call("GET", access.path("access")).value
    return Object(found, access.address)


def passport(
    access: Access,
    issuer: str | None,
    *,
    shown: Callable[[str], object],
    pasted: Callable[[], str] | None = None,
    seconds: float = _SECONDS,
) -> Object:
    """Log in at a provider and have the hub keep what the login shows.

    Args:
        access: the hub and who speaks.
        issuer: the provider; None for the only one the hub knows.
        shown: told the address to log in at.
        pasted: returns the address the browser ended at, where it runs on another machine;
            None to wait for the browser here.
        seconds: how long to wait for the browser.

    Raises:
        HubError: refused, the provider said no, or nobody came back in time.
        UsageError: the hub knows several providers or none, or what was pasted is no address.
    """
    with access.client() as client:
        chosen = issuer or _only(client.call("GET", _API))
        with _Loopback() as back:
            url = client.call(
                "POST", _API, "start", body={"issuer": chosen, "redirect": back.address}
            ).text("url")
            state = parse_qs(urlsplit(url).query).get("state", [""])[0]
            shown(url)
            answer = back.wait(seconds) if pasted is None else _answer(pasted())
        if not state or answer.get("state") != state:
            raise HubError("the answer belongs to another login", code="provider")
        if "code" not in answer:
            why = answer.get("error", "no code came back")[:100]
            raise HubError(f"the provider let nobody in: {ascii(why)[1:-1]}", code="provider")
        body = {"state": state, "code": answer["code"]}
        return client.call("POST", _API, "finish", body=body)


def in_browser(url: str) -> bool:
    """Open an address in the user's browser; whether that seems to have worked."""
    return webbrowser.open(url)


def _only(known: Object) -> str:
    providers = known.texts("providers")
    if len(providers) == 1:
        return providers[0]
    listed = ", ".join(providers) or "none: its operator names them with `openweir hub passport`"
    raise UsageError(
        "say at which provider you log in", code="issuer", hint=f"--issuer URL, one of {listed}"
    )


def _answer(address: str) -> dict[str, str]:
    query = urlsplit(address.strip()).query
    found = {name: values[0] for name, values in parse_qs(query).items()}
    if not found:
        raise UsageError(
            "this is not the address the browser ended at",
            code="address",
            hint="it begins with http://127.0.0.1 and holds `code=`",
        )
    return found


class _Loopback:
    """A server on this machine for one answer of a browser."""

    def __init__(self) -> None:
        found: dict[str, str] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                if {"code", "error"} & query.keys():
                    found.update({name: values[0] for name, values in query.items()})
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", "default-src 'none'")
                self.end_headers()
                self.wfile.write(_DONE if found else b"")

            def log_message(self, *_: object) -> None:
                """Say nothing: the address holds the code."""

        self._found = found
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def wait(self, seconds: float) -> dict[str, str]:
        ends = time.monotonic() + seconds
        for _ in range(_MOST_ASKED):
            self._server.timeout = max(0.0, ends - time.monotonic())
            self._server.handle_request()
            if self._found or time.monotonic() >= ends:
                break
        if not self._found:
            raise HubError(
                f"nobody came back from the login within {seconds:.0f} seconds",
                code="provider",
                hint="run it again; with --paste the browser may be on another machine",
            )
        return self._found
