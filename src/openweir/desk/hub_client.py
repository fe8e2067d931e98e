"""Talking to a hub: one small client for `publish` and `access`."""

import json
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

import httpx

from openweir.canonical import Object, parse
from openweir.desk.tokens import address_of
from openweir.errors import CanonicalError, HubError, UsageError

__all__ = ["HubClient"]

_TIMEOUT = httpx.Timeout(30, read=600, write=600)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ANSWER_BYTES = 16 * 1024 * 1024


class HubClient:
    """A hub at an address, seen by one user.

    What the hub refuses is a `HubError` with the code `hub.refused` and the hub's own
    sentence; everything else that goes wrong has another code.

    Args:
        url: the hub's address.
        token: sent with every request; None for anonymous.
    """

    def __init__(self, url: str, *, token: str | None) -> None:
        """Prepare the connection; nothing is sent yet."""
        self.address = address_of(url)
        if token is not None and not (token.isascii() and token.isprintable()):
            raise UsageError("the token holds signs no token has", code="token", where="--token")
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        # A proxy for the outside world cannot reach a hub on this machine.
        outside = (urlsplit(self.address).hostname or "") not in _LOOPBACK
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT, trust_env=outside)

    def __enter__(self) -> Self:
        """Use the client in a `with` block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._client.close()

    def call(
        self,
        method: str,
        *parts: str,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Object:
        """Send a JSON request and return the JSON answer.

        Args:
            method: of HTTP.
            parts: of the path, quoted here.
            body: sent as JSON.
            query: after the path.

        Raises:
            HubError: refused, unreachable, or not an answer of a hub.
            UsageError: the hub wants a token, or another one.
        """
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        suffix = f"?{urlencode(query)}" if query else ""
        return self._send(method, self._url(parts) + suffix, content, headers)

    def put(self, *parts: str, content: Iterator[bytes], size: int) -> None:
        """Send a file's bytes.

        Raises:
            HubError: as `call`.
            UsageError: as `call`.
        """
        self._send("PUT", self._url(parts), content, {"Content-Length": str(size)})

    def _url(self, parts: tuple[str, ...]) -> str:
        return self.address + "/" + "/".join(quote(part) for part in parts)

    def _send(
        self,
        method: str,
        url: str,
        content: bytes | Iterator[bytes] | None,
        headers: dict[str, str],
    ) -> Object:
        try:
            answer = self._client.request(method, url, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise HubError(
                f"cannot talk to the hub: {str(error) or type(error).__name__}",
                code="unreachable",
                where=self.address,
                hint="is it running? `openweir serve` starts one",
            ) from None
        try:
            found = Object(
                parse(answer.content or b"{}", where=self.address, max_bytes=_ANSWER_BYTES),
                self.address,
            )
        except CanonicalError:
            raise HubError(
                f"answered {answer.status_code} with something that is not JSON",
                code="not-a-hub",
                where=self.address,
                hint="is this the address of an Openweir hub?",
            ) from None
        if answer.status_code < httpx.codes.BAD_REQUEST:
            return found
        sentence = found.text("error", f"answered {answer.status_code}")
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise UsageError(
                f"the hub does not know you: {sentence}",
                code="token",
                where=self.address,
                hint="give --token or set HF_TOKEN; the hub's operator makes one with "
                "`openweir hub token new USER`",
            )
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise HubError(sentence, code="failed", where=self.address)
        raise HubError(sentence, code="refused", where=self.address)
