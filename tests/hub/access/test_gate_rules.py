"""Requests, rules, panels and the numbers of a gate, through the endpoints."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hub_served import Served
from hub_world import FILES, NOW, World
from openweir.errors import HubError
from openweir.hub.access.rules import facts, from_card
from openweir.hub.access.terms import terms

OURS = "/api/openweir/releases/acme/small"
HF = "/api/models/acme/small/user-access-request"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A hub with one gated release and accounts that sit on panels."""
    found = Served(World(tmp_path / "world"), tmp_path)
    assert found.publish(found.world.release()).is_success
    for user in ("pia", "paul", "petra", "rita"):
        found.hub.accounts.add(user, publisher=False, at=NOW)
        found.tokens[user] = found.hub.accounts.new_token(user, at=NOW)
    yield found
    found.close()


def send(served: Served, method: str, path: str, who: str | None, /, **body: object):
    """A JSON request as a user."""
    return served.client.request(method, path, json=body, headers=served.headers(who))


def status(served: Served, user: str) -> int:
    """What a user gets for a gated file."""
    url = "/acme/small/resolve/main/README.md"
    return served.client.get(url, headers=served.headers(user)).status_code


class TestTerms:
    """Purposes and conditions are terms with a source."""

    def test_the_table_has_its_source(self, served: Served) -> None:
        """Every DUO id has its form; ours are apart; the source is pinned to a commit."""
        told = served.client.get("/openweir/terms.json").json()
        assert "/blob/" in told["source"]
        assert told["version"] == "1"
        ids = [term["id"] for term in told["terms"]]
        assert len(ids) == len(set(ids)) == len(terms())
        assert all(one.startswith(("DUO:", "OWA:")) for one in ids)

    def test_declared_and_accepted(self, served: Served) -> None:
        """A request names a purpose of the gate and accepts every condition."""
        rules = {"purposes": ["EVAL", "GRU"], "conditions": ["NO-REDIST", "DELETE"]}
        assert send(served, "PUT", f"{OURS}/gate", "acme", **rules).is_success
        for stated, said in (
            ([], "the purpose is none that this gate is for"),
            (["INFER", "NO-REDIST", "DELETE"], "the purpose is none that this gate is for"),
            (["EVAL", "DELETE"], "not every condition of this gate is accepted"),
            (["EVAL", "X"], "`X` is no purpose term"),
        ):
            answer = send(served, "POST", f"{OURS}/requests", "ann", terms=stated, purpose="p")
            assert answer.status_code == 400
            assert answer.json()["error"].startswith(said)
        stated = ["EVAL", "NO-REDIST", "DELETE"]
        answer = send(served, "POST", f"{OURS}/requests", "ann", terms=stated)
        assert answer.json()["terms"] == ["OWA:0000001", "OWA:0000102", "OWA:0000106"]
        assert answer.json()["purpose"] == "safety evaluation"


class TestForm:
    """The form takes what the rules ask for and nothing beside it."""

    def test_security_only_takes_no_more(self, served: Served) -> None:
        """In this mode a text field cannot even be declared, and none is taken."""
        fields = [{"name": "E-mail for our newsletter", "type": "text"}]
        answer = send(served, "PUT", f"{OURS}/gate", "acme", fields=fields)
        assert answer.status_code == 400
        assert "checkboxes only" in answer.json()["error"]
        sent = {"purpose": "p", "fields": {"E-mail": "a@b.example"}}
        answer = send(served, "POST", f"{OURS}/requests", "ann", **sent)
        assert answer.status_code == 400
        assert "does not ask for `E-mail` and does not take it" in answer.json()["error"]

    def test_the_card_says_what_is_asked(self) -> None:
        """`extra_gated_*` of a card is read as the Hub reads it."""
        card = {
            "extra_gated_prompt": "You agree.",
            "extra_gated_fields": {
                "Company": "text",
                "Country": "country",
                "I want to use this for": {"type": "select", "options": ["Research", "Other"]},
                "I agree": "checkbox",
            },
            "extra_gated_eu_disallowed": True,
        }
        rules = from_card(card)
        assert rules.criteria == "You agree."
        kinds = {field.name: field.type for field in rules.fields}
        assert kinds["I want to use this for"] == "select"
        assert (rules.data, rules.eu_disallowed) == ("stated", True)
        told = {name: fact["answer"] for name, fact in facts(rules).items()}
        assert told == {
            "open_to_every_country": "no",
            "free_of_purpose_limits": "yes",
            "personal_data_for_security_only": "no",
        }
        boxes = from_card({"extra_gated_fields": {"I agree": "checkbox"}})
        assert boxes.data == "security-only"
        with pytest.raises(HubError, match="of no known type") as error:
            from_card({"extra_gated_fields": {"x": "file"}})
        assert error.value.code == "hub.bad-request"

    def test_the_hubs_own_form(self, served: Served) -> None:
        """`ask-access` takes a url-encoded form; boxes must be checked."""
        fields = [{"name": "I agree", "type": "checkbox"}]
        send(served, "PUT", f"{OURS}/gate", "acme", fields=fields)
        headers = served.headers("ann")
        url = "/acme/small/ask-access"
        answer = served.client.post(url, data={"purpose": "p"}, headers=headers)
        assert answer.status_code == 400
        answer = served.client.post(url, data={"purpose": "p", "I agree": "on"}, headers=headers)
        assert answer.json()["fields"] == {"I agree": "true"}

    @pytest.mark.parametrize(
        ("rules", "said"),
        [
            ({"mode": "maybe"}, "`mode` is one of"),
            ({"level": 4}, "`level` is 0 to 3"),
            ({"mode": "auto", "level": 3}, "cannot be `auto`"),
            ({"panel": {"members": ["pia"], "votes": 2}}, "a panel has different members"),
            ({"panel": {"members": ["acme"], "votes": 1}}, "cannot sit on the panel"),
            ({"panel": {"members": ["nobody"], "votes": 1}}, "cannot sit on the panel"),
            ({"data": "all"}, "`data` is one of"),
        ],
    )
    def test_odd_rules_are_refused(self, served: Served, rules: dict, said: str) -> None:
        """Rules that contradict themselves are not published."""
        answer = send(served, "PUT", f"{OURS}/gate", "acme", **rules)
        assert answer.status_code == 400
        assert said in answer.json()["error"]


class TestHuggingFace:
    """The user-access-request API, all of it."""

    def test_the_states(self, served: Served) -> None:
        """pending, accepted, rejected, and reset, by user and by request id."""
        send(served, "POST", f"{OURS}/requests", "ann", purpose="study")
        (waiting,) = served.client.get(f"{HF}/pending", headers=served.headers("acme")).json()
        assert set(waiting) == {"requestId", "user", "status", "timestamp", "fields"}
        accept = {"requestId": waiting["requestId"], "status": "accepted"}
        assert send(served, "POST", f"{HF}/handle", "acme", **accept).is_success
        assert status(served, "ann") == 200
        assert send(served, "POST", f"{HF}/handle", "acme", **accept).status_code == 404
        reject = {"user": "ann", "status": "rejected", "rejectionReason": "no"}
        send(served, "POST", f"{HF}/handle", "acme", **reject)
        assert status(served, "ann") == 403
        again = send(served, "POST", f"{OURS}/requests", "ann", purpose="study")
        assert again.status_code == 403
        reset = {"user": "ann", "status": "reset", "resetReason": "new terms"}
        assert send(served, "POST", f"{HF}/handle", "acme", **reset).is_success
        assert send(served, "POST", f"{OURS}/requests", "ann", purpose="study").is_success
        assert served.client.get(f"{HF}/reset", headers=served.headers("acme")).json() == []

    def test_codes(self, served: Served) -> None:
        """400 where nothing is gated, 403 without a say, 404 for who did not ask."""
        from openweir.tier import Tier

        served.publish(served.world.release("acme/open", tier=Tier.OPEN_WEIGHTS))
        base = "/api/models/acme/open/user-access-request"
        assert send(served, "GET", f"{base}/pending", "acme").status_code == 400
        assert send(served, "GET", f"{HF}/pending", "ann").status_code == 403
        assert send(served, "GET", f"{HF}/pending", None).status_code == 401
        nobody = {"user": "ann", "status": "accepted"}
        assert send(served, "POST", f"{HF}/handle", "acme", **nobody).status_code == 404
        assert send(served, "POST", f"{HF}/grant", "acme", user="ann").status_code == 200
        assert send(served, "POST", f"{HF}/grant", "acme", user="ann").status_code == 404
        assert send(served, "POST", f"{HF}/grant", "acme", user="none").status_code == 404

    def test_pages(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        """Long lists come by pages, linked."""
        monkeypatch.setattr("openweir.hub.api.access._PAGE", 2)
        for user in ("ann", "pia", "paul", "petra", "rita"):
            send(served, "POST", f"{OURS}/requests", user, purpose="study")
        url, users = f"{HF}/pending", []
        while url:
            answer = served.client.get(url, headers=served.headers("acme"))
            users += [item["user"]["user"] for item in answer.json()]
            url = answer.links.get("next", {}).get("url")
        assert sorted(users) == ["ann", "paul", "petra", "pia", "rita"]

    def test_reviewers_answer(self, served: Served) -> None:
        """Whom the rules name answers; nobody else does, and not while it is halted."""
        send(served, "PUT", f"{OURS}/gate", "acme", reviewers=["rita"])
        send(served, "POST", f"{OURS}/requests", "ann", purpose="study")
        assert send(served, "POST", f"{OURS}/grants", "pia", user="ann").status_code == 403
        send(served, "POST", f"{OURS}/halt", "acme", trigger="other", reason="wait")
        assert send(served, "POST", f"{OURS}/grants", "rita", user="ann").status_code == 403
        assert send(served, "DELETE", f"{OURS}/grants/ann", "rita").is_success
        send(served, "DELETE", f"{OURS}/halt", "acme")
        assert send(served, "POST", f"{OURS}/grants", "rita", user="ann").is_success
        assert status(served, "ann") == 200


class TestPanel:
    """A publisher cannot veto a qualified applicant (Seger et al., 4.2.3)."""

    def rejected(self, served: Served) -> None:
        """Ann asked under a panel of three and was turned down."""
        panel = {"members": ["pia", "paul", "petra"], "votes": 2}
        assert send(served, "PUT", f"{OURS}/gate", "acme", panel=panel).is_success
        send(served, "POST", f"{OURS}/requests", "ann", purpose="study")
        gone = {"reason": "we compete", "class": "purpose"}
        assert send(served, "DELETE", f"{OURS}/grants/ann", "acme", **gone).is_success

    def test_the_panel_admits_against_the_publisher(self, served: Served) -> None:
        """Two of three votes open the gate, though the rules were changed meanwhile."""
        self.rejected(served)
        send(served, "PUT", f"{OURS}/gate", "acme")
        votes = f"{OURS}/requests/ann/votes"
        early = send(served, "POST", votes, "pia", accept=True)
        assert early.status_code == 404
        assert send(served, "POST", f"{OURS}/appeal", "ann", reason="I qualify").is_success
        assert send(served, "POST", f"{OURS}/appeal", "ann", reason="again").status_code == 409
        reset = {"user": "ann", "status": "reset"}
        assert send(served, "POST", f"{HF}/handle", "acme", **reset).status_code == 403
        assert send(served, "POST", votes, "acme", accept=False).status_code == 403
        assert send(served, "POST", votes, "rita", accept=True).status_code == 403
        assert send(served, "POST", votes, "pia", accept=True).json()["status"] == "rejected"
        assert send(served, "POST", votes, "pia", accept=True).status_code == 409
        assert status(served, "ann") == 403
        assert send(served, "POST", votes, "paul", accept=True).json()["status"] == "accepted"
        assert status(served, "ann") == 200
        veto = send(served, "DELETE", f"{OURS}/grants/ann", "acme", **{"class": "purpose"})
        assert veto.status_code == 403
        assert "the panel let `ann` in" in veto.json()["error"]
        handled = {"user": "ann", "status": "rejected"}
        for word in ("rejected", "pending", "reset"):
            handled["status"] = word
            assert send(served, "POST", f"{HF}/handle", "acme", **handled).status_code == 403
        safe = {"class": "security", "reason": "weights were passed on"}
        assert send(served, "DELETE", f"{OURS}/grants/ann", "acme", **safe).is_success
        assert status(served, "ann") == 403


class TestNumbers:
    """How a gate is used is public; who used it is not."""

    def test_statistics(self, served: Served) -> None:
        """Counts, rate, median and reasons, without a name."""
        for user in ("ann", "pia", "paul", "petra"):
            send(served, "POST", f"{OURS}/requests", user, purpose="study")
        served.now = NOW + timedelta(hours=2)
        send(served, "POST", f"{OURS}/grants", "acme", user="ann")
        served.now = NOW + timedelta(hours=6)
        send(served, "DELETE", f"{OURS}/grants/pia", "acme", **{"class": "identity"})
        send(served, "POST", f"{OURS}/grants", "acme", user="paul")
        send(served, "POST", f"{OURS}/grants", "acme", user="rita")
        answer = served.client.get("/openweir/acme/small/gate.json")
        assert answer.json()["statistics"] == {
            "asked": 4,
            "pending": 1,
            "accepted": 2,
            "rejected": 1,
            "acceptance_rate": "2/3",
            "median_seconds_to_answer": 6 * 3600,
            "appeals": 0,
            "rejections_by_reason": {"identity": 1},
        }
        for name in ("ann", "pia", "paul", "petra", "rita"):
            assert f'"{name}"' not in answer.text

    def test_no_recipient_reaches_the_register(self, served: Served) -> None:
        """Nothing of a request, an answer or a download is in the public log."""
        before = {
            path: path.read_bytes()
            for path in (served.world.root / "register").rglob("*")
            if path.is_file()
        }
        served.settle()
        assert status(served, "granted") == 200
        after = {
            path: path.read_bytes()
            for path in (served.world.root / "register").rglob("*")
            if path.is_file()
        }
        assert after == before
        public = [
            served.client.get(path).text
            for path in (
                "/openweir/acme/small/gate.json",
                "/openweir/acme/small/release.json",
                "/openweir/acme/small/notices.json",
                "/api/models/acme/small",
            )
        ]
        assert not any("granted" in text or "rejected-by" in text for text in public[1:])
        assert FILES
