"""Keyless logins: a real OpenID provider over a socket, the stock client, and who gets nothing."""

import base64
import hmac
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("joserfc")
from joserfc import jwt
from joserfc.jwk import RSAKey

from hub_served import Served
from hub_world import NOW, World
from oidc_issuer import Issuer
from openweir.errors import HubError
from openweir.hub.access import id_tokens
from openweir.hub.access.keyless import (
    KEYLESS_PROVIDERS,
    KeylessProvider,
    Rule,
    providers_text,
    read_providers,
)
from openweir.hub.keyless_logins import KeylessLogins

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
KIND = "urn:ietf:params:oauth:token-type:id_token"
AUDIENCE = "https://hub.example"
SUBJECT = "repo:acme/models:ref:refs/heads/main"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A provider of jobs."""
    found = Issuer(int(NOW.timestamp()))
    yield found
    found.close()
    id_tokens._keys.clear()


@pytest.fixture
def served(tmp_path: Path, issuer: Issuer) -> Iterator[Served]:
    """A hub where jobs of `acme/models` on `main` act for `acme`, who has two repositories."""
    found = Served(World(tmp_path / "world"), tmp_path)
    rule = Rule(subject="repo:acme/models:ref:refs/heads/*", account="acme")
    named = KeylessProvider(url=issuer.url, audience=AUDIENCE, rules=(rule,))
    found.hub.store.setting(KEYLESS_PROVIDERS, providers_text([named]))
    for name in ("w", "other"):
        body = {"name": name, "type": "model"}
        found.client.post("/api/repos/create", json=body, headers=found.headers("acme"))
    yield found
    found.close()


def id_token(issuer: Issuer, **changes: object) -> str:
    """What a job shows; a change of None leaves a claim out."""
    claims = {
        "iss": issuer.url,
        "aud": AUDIENCE,
        "sub": SUBJECT,
        "iat": issuer.at,
        "exp": issuer.at + 300,
    } | changes
    return issuer.sign({key: value for key, value in claims.items() if value is not None})


def exchange(served: Served, token: str, resource: str = "acme/w", **more: str):
    """What the client sends."""
    body = {"grant_type": GRANT, "subject_token_type": KIND, "subject_token": token} | more
    return served.client.post("/oauth/token", json={**body, "resource": resource})


def bearer(answer) -> dict[str, str]:
    """The authorization that an exchange gave."""
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


class TestExchange:
    """An ID token becomes an hour of one account's right to one repository."""

    def test_the_answer(self, served: Served, issuer: Issuer) -> None:
        """The form of RFC 8693; a token that every client takes; it ends after an hour."""
        answer = exchange(served, id_token(issuer))
        told = answer.json()
        assert told["token_type"] == "bearer"
        assert told["issued_token_type"].endswith(":access_token")
        assert (told["expires_in"], told["scope"]) == (3600, "write:acme/w")
        assert told["access_token"].startswith("hf_")
        assert answer.headers["Cache-Control"] == "no-store"
        who = served.client.get("/api/whoami-v2", headers=bearer(answer)).json()
        assert who["name"] == "acme"
        served.now = NOW + timedelta(hours=1)
        assert served.client.get("/api/whoami-v2", headers=bearer(answer)).status_code == 401

    def test_it_is_for_one_repository(self, served: Served, issuer: Issuer) -> None:
        """Its own is written; another is neither seen nor changed, moved, nor made."""
        headers = bearer(exchange(served, id_token(issuer)))

        def did(method: str, path: str, body=None) -> int:
            options = {} if body is None else {"json": body}
            return served.client.request(method, path, headers=headers, **options).status_code

        assert did("GET", "/api/models/acme/w") == 200
        assert did("POST", "/api/models/acme/w/branch/next", {}) == 200
        assert did("GET", "/api/models/acme/other") == 404
        assert did("GET", "/acme/other/resolve/main/.gitattributes") == 404
        assert did("POST", "/api/models/acme/other/branch/next", {}) == 403
        assert did("DELETE", "/api/repos/delete", {"name": "acme/other"}) == 403
        assert did("POST", "/api/repos/move", {"fromRepo": "acme/w", "toRepo": "acme/v"}) == 403
        assert did("POST", "/api/repos/create", {"name": "acme/third", "type": "model"}) == 403
        assert did("POST", "/api/openweir/logins", {"user_code": "BCDF-GHJK"}) == 403
        assert did("GET", "/api/models/acme/other/xet-write-token/main") == 401
        listed = served.client.get("/api/models", headers=headers).json()
        assert "acme/other" not in [item["id"] for item in listed]

    def test_a_grant_of_the_account_opens_no_other_gate(
        self, served: Served, issuer: Issuer
    ) -> None:
        """What the account may read elsewhere, the job may not; read as the account, it may."""
        served.publish(served.world.release("acme/small"))
        served.settle()
        rule = Rule(subject="repo:granted/*", account="granted")
        named = KeylessProvider(url=issuer.url, audience=AUDIENCE, rules=(rule,))
        served.hub.store.set_setting(KEYLESS_PROVIDERS, providers_text([named]))
        token = id_token(issuer, sub="repo:granted/x", iat=issuer.at + 86400, exp=issuer.at + 86700)
        path = "/acme/small/resolve/main/config.json"
        only = bearer(exchange(served, token, "granted/own"))
        assert served.client.get(path, headers=only).status_code == 401
        reads = bearer(exchange(served, token, "granted"))
        assert served.client.get(path, headers=reads).status_code == 200
        create = served.client.post(
            "/api/repos/create", json={"name": "n", "type": "model"}, headers=reads
        )
        assert create.status_code == 403
        agree = {"user_code": "BCDF-GHJK"}
        login = served.client.post("/api/openweir/logins", json=agree, headers=reads)
        assert login.status_code == 403

    def test_the_tokens_end_with_their_provider(self, served: Served, issuer: Issuer) -> None:
        """Whoever drops a provider ends what its jobs hold."""
        headers = bearer(exchange(served, id_token(issuer)))
        logins = KeylessLogins(served.hub.store, served.hub.accounts)
        assert logins.end(issuer.url, at=NOW) == 1
        assert served.client.get("/api/whoami-v2", headers=headers).status_code == 401

    def test_the_audit_names_who_vouched(self, served: Served, issuer: Issuer) -> None:
        """The login stands in the audit with the account, the issuer and the subject."""
        exchange(served, id_token(issuer))
        (found,) = [e for e in served.events("acme/w") if e.action == "login"]
        assert found.detail == f"acme by {issuer.url}: {SUBJECT}"


class TestRefused:
    """Everything else gets nothing, and hears why in OAuth's words."""

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"aud": "https://other.example"}, "is not for"),
            ({"aud": [AUDIENCE, "https://other.example"]}, "is not for"),
            ({"iss": "https://other.example"}, "does not know the issuer"),
            ({"exp": int(NOW.timestamp())}, "its time is over"),
            ({"iat": int(NOW.timestamp()) + 120}, "its time is over"),
            ({"nbf": int(NOW.timestamp()) + 120}, "its time is over"),
            ({"exp": int(NOW.timestamp()) + 2 * 86400}, "longer than a day"),
            ({"exp": None}, "from when until when"),
            ({"iat": True}, "from when until when"),
            ({"sub": ""}, "names no subject"),
            ({"sub": ["repo:acme/models"]}, "names no subject"),
        ],
    )
    def test_claims(self, served: Served, issuer: Issuer, changes: dict, why: str) -> None:
        """A token for others, from others, or out of its time."""
        answer = exchange(served, id_token(issuer, **changes))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        assert why in answer.json()["error_description"]
        assert answer.headers["X-Error-Message"] == answer.json()["error_description"]

    @pytest.mark.parametrize(
        ("subject", "resource"),
        [
            ("repo:evil/models:ref:refs/heads/main", "acme/w"),
            ("repo:acme/models-evil:ref:refs/heads/main", "acme/w"),
            (SUBJECT, "ann/w"),
            (SUBJECT, "ann"),
            (SUBJECT, "spaces/acme/w"),
            (SUBJECT, ""),
            (SUBJECT, "acme/w/../../ann/w"),
        ],
    )
    def test_targets(self, served: Served, issuer: Issuer, subject: str, resource: str) -> None:
        """Subjects without a rule, and resources that their account may not write."""
        answer = exchange(served, id_token(issuer, sub=subject), resource)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")

    def test_signatures(self, served: Served, issuer: Issuer) -> None:
        """Another key, none at all, the public key as a secret, and noise."""
        claims = {"iss": issuer.url, "aud": AUDIENCE, "sub": SUBJECT}
        claims |= {"iat": issuer.at, "exp": issuer.at + 300}
        other = RSAKey.generate_key(2048, {"kid": "k1"})
        public = issuer.key.as_pem(private=False)
        header, body, _ = id_token(issuer).split(".")
        none, symmetric = "eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9"
        mac = hmac.digest(public, f"{symmetric}.{body}".encode(), "sha256")
        confused = f"{symmetric}.{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
        for token in (
            issuer.sign(claims, other),
            confused,
            f"{none}.{body}.",
            f"{header}.{body}.AAAA",
            "a.b.c",
            "",
            "x" * 20_000,
            f"{header}.W10.AAAA",
        ):
            answer = exchange(served, token)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    def test_made_up_keys_make_the_hub_ask_nobody(self, served: Served, issuer: Issuer) -> None:
        """A hundred unknown keys in a minute: the provider is asked once."""
        asked = []
        before = issuer.answer
        issuer.answer = lambda request, method: (
            asked.append(request.path),
            before(request, method),
        )
        for number in range(20):
            token = jwt.encode(
                {"alg": "RS256", "kid": f"k{number}"}, {"iss": issuer.url}, issuer.key
            )
            assert exchange(served, token).status_code == 400
        assert asked.count("/keys") == 1

    def test_a_provider_that_is_gone(self, served: Served, issuer: Issuer) -> None:
        """A sentence, no traceback, and no token."""
        token = id_token(issuer)
        issuer.claims = {}
        issuer.answer = lambda request, method: request.send_error(500)
        assert exchange(served, token).status_code == 502

    def test_other_kinds(self, served: Served, issuer: Issuer) -> None:
        """Only ID tokens are traded."""
        answer = exchange(served, id_token(issuer), subject_token_type="urn:x")
        assert answer.json()["error"] == "invalid_request"


class TestRules:
    """An operator cannot let in everybody by mistake."""

    @pytest.mark.parametrize("subject", ["*", "", "r*", "*:acme/models", "a*b*c*d*e*f"])
    def test_patterns_name_somebody(self, subject: str) -> None:
        """A pattern says whose jobs before its first star."""
        rule = Rule(subject=subject, account="acme")
        provider = KeylessProvider(url="https://ci.example", audience=AUDIENCE, rules=(rule,))
        with pytest.raises(HubError, match="would let in whoever") as found:
            providers_text([provider])
        assert found.value.code == "hub.bad-request"

    def test_addresses_are_encrypted(self) -> None:
        """Keys fetched without encryption are anybody's."""
        for url in ("http://ci.example", "ci.example", "https://"):
            with pytest.raises(HubError, match="cannot be a provider"):
                providers_text([KeylessProvider(url=url, audience=AUDIENCE, rules=())])

    def test_what_is_kept_is_read_again(self) -> None:
        """The same value comes back."""
        rules = (Rule(subject="repo:acme/*", account="acme"),)
        provider = KeylessProvider(url="https://ci.example", audience=AUDIENCE, rules=rules)
        assert read_providers(providers_text([provider])) == (provider,)

    def test_dots_are_dots(self) -> None:
        """Nothing but a star stands for anything else than itself."""
        assert Rule(subject="repo:a.b/*", account="x").fits("repo:a.b/c")
        assert not Rule(subject="repo:a.b/*", account="x").fits("repo:aXb/c")


@pytest.mark.peer
def test_the_stock_command_uploads_without_a_secret(
    served: Served, issuer: Issuer, tmp_path: Path
) -> None:
    """`hf upload` in a job: `HF_OIDC_RESOURCE` and the provider's token, nothing stored."""
    pytest.importorskip("huggingface_hub")
    (tmp_path / "notes.txt").write_text("from a job\n")
    with served.live() as url:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        environment = {
            **clean,
            "HF_ENDPOINT": url,
            "HF_HOME": str(tmp_path / "home"),
            "HF_OIDC_RESOURCE": "acme/w",
            "HF_OIDC_ID_TOKEN": id_token(issuer),
            "NO_PROXY": "*",
        }
        for words, status in (
            (("upload", "acme/w", "notes.txt", "notes.txt"), 0),
            (("upload", "acme/other", "notes.txt", "notes.txt"), 1),
        ):
            done = subprocess.run(
                (str(Path(sys.executable).with_name("hf")), *words),
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == status, done.stdout + done.stderr
    path = "/acme/w/resolve/main/notes.txt"
    assert served.client.get(path, headers=served.headers("acme")).text == "from a job\n"


def test_the_operators_command(served: Served, issuer: Issuer, tmp_path: Path, capsys) -> None:
    """`openweir hub keyless` names a rule, refuses one for nobody, and drops the provider."""
    from openweir.cli.main import main

    if not served.embedded:
        pytest.skip("the embedded hub's own folder")
    at = ["--data", str(tmp_path / "hub"), "--json"]
    named = ["hub", "keyless", "https://ci.example", "--account", "ann", "--subject", "repo:ann/*"]
    assert main([*named, *at]) == 2
    assert "no-audience" in capsys.readouterr().out
    assert main([*named, "--audience", AUDIENCE, *at]) == 0
    assert "repo:ann/*" in capsys.readouterr().out
    assert main(["hub", "keyless", "https://ci.example", "--drop", *at]) == 0
    assert "ci.example" not in capsys.readouterr().out
    nobody = ["hub", "keyless", "https://ci.example", "--account", "none", "--subject", "repo:x/*"]
    assert main([*nobody, "--audience", AUDIENCE, *at]) == 2
