"""Tokens: one spelling per hub, and a file for the user alone."""

from pathlib import Path

import pytest

from openweir.desk.home import Home
from openweir.desk.tokens import Tokens, address_of
from openweir.errors import UsageError


class TestAddress:
    """Every spelling of an address finds the same token."""

    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:8080/", "http://127.0.0.1:8080"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("HTTPS://Hub.Example:443", "https://hub.example"),
            ("https://hub.example/weir/", "https://hub.example/weir"),
            ("http://[::1]:80", "http://[::1]"),
        ],
    )
    def test_one_spelling(self, url: str, address: str) -> None:
        """Scheme, host case, default port and final slash do not matter."""
        assert address_of(url) == address
        assert address_of(address) == address

    @pytest.mark.parametrize(
        "url",
        ["", "ftp://x", "http://", "http://a:b@x", "http://x:99999", "http://x?y", "file:///x"],
    )
    def test_refused(self, url: str) -> None:
        """Anything else is refused with an example."""
        with pytest.raises(UsageError, match="is not a hub's address") as caught:
            address_of(url)
        assert caught.value.code == "usage.hub-address"


class TestTokens:
    """`tokens.toml`."""

    def test_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is stated counts first, then HF_TOKEN, then what is kept."""
        tokens = Tokens(Home(tmp_path))
        monkeypatch.delenv("HF_TOKEN", raising=False)
        assert tokens.find("http://x") is None
        tokens.keep("http://x", "kept")
        tokens.keep("http://y", "other")
        assert tokens.find("http://x") == "kept"
        monkeypatch.setenv("HF_TOKEN", "environment")
        assert tokens.find("http://x") == "environment"
        assert tokens.find("http://x", stated="stated") == "stated"

    def test_mode(self, tmp_path: Path) -> None:
        """Only its user can read the file, also after a change."""
        tokens = Tokens(Home(tmp_path))
        for _ in range(2):
            tokens.keep("http://x", "t")
            assert (tmp_path / "tokens.toml").stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["tokens.toml"]

    def test_damaged(self, tmp_path: Path) -> None:
        """A damaged file is one line that names it."""
        (tmp_path / "tokens.toml").write_text("[", encoding="utf-8")
        with pytest.raises(UsageError, match="cannot read the tokens") as caught:
            Tokens(Home(tmp_path)).kept("http://x")
        assert "tokens.toml" in caught.value.where
