"""The user's hub tokens, by the hub's address, in one file only they can read."""

import json
import os
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from openweir.canonical import Object
from openweir.desk.home import Home
from openweir.errors import UsageError

__all__ = ["Tokens", "address_of", "data_key"]

_PORTS = {"http": 80, "https": 443}


def address_of(url: str) -> str:
    """Return a hub's address in the one spelling that tokens are kept under.

    Raises:
        UsageError: not an http or https address.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port or _PORTS.get(parts.scheme.lower())
    except ValueError:
        port = None
    host = (parts.hostname or "").lower()
    if port is None or not host or parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            f"`{url[:200]}` is not a hub's address",
            code="hub-address",
            where="--hub",
            hint="write it as http://127.0.0.1:8080 or https://hub.example",
        )
    scheme = parts.scheme.lower()
    host = "127.0.0.1" if host == "localhost" else host
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port == _PORTS[scheme] else f":{port}"
    return f"{scheme}://{shown}{suffix}{parts.path.rstrip('/')}"


class Tokens:
    """The file `tokens.toml` of a home; mode 0600."""

    def __init__(self, home: Home) -> None:
        """Work on the tokens of `home`."""
        self._path = home.tokens

    def find(self, key: str, *, stated: str | None = None) -> str | None:
        """Return the token to use: the one stated, else `HF_TOKEN`, else the one kept.

        Args:
            key: an address from `address_of`, or a data directory.
            stated: with `--token`.
        """
        return stated or os.environ.get("HF_TOKEN") or self.kept(key)

    def kept(self, key: str) -> str | None:
        """Return the token kept under `key`, or None."""
        return self._all().get(key)

    def keep(self, key: str, token: str) -> None:
        """Keep a token under `key`, readable by the user only.

        Raises:
            UsageError: the file cannot be written.
        """
        every = self._all() | {key: token}
        lines = [
            "# Tokens by hub address or data directory. Keep this file to yourself.",
            "[tokens]",
            *(f"{json.dumps(name)} = {json.dumps(every[name])}" for name in sorted(every)),
        ]
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary.unlink(missing_ok=True)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write("\n".join(lines) + "\n")
            temporary.replace(self._path)
        except OSError as error:
            raise UsageError(
                f"cannot keep the token: {error.strerror}",
                code="tokens",
                where=str(self._path),
            ) from None

    def _all(self) -> dict[str, str]:
        try:
            document = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise UsageError(
                f"cannot read the tokens: {error}", code="tokens", where=str(self._path)
            ) from None
        kept = Object(document, str(self._path)).optional_object("tokens")
        return {} if kept is None else {key: kept.text(key) for key in kept.value}


def data_key(data: Path) -> str:
    """Return the key under which the owner's token of an embedded hub is kept."""
    return str(data.resolve())
