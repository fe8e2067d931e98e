"""The form a model card states, and rules that are tightened after a grant was given."""

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_served import Served
from hub_world import FILES, NOW, World
from openweir.canonical import Object
from openweir.errors import HubError
from openweir.hub.access.form import COUNTRIES, EU, Field, form_of, value_of
from openweir.hub.access.rules import GateRules, from_card
from openweir.hub.access.visas import VERIFIED_EMAIL, Visa
from openweir.tier import Tier

OURS = "/api/openweir/releases/acme/small"
CARD = """---
extra_gated_heading: Ask for the weights
extra_gated_description: We answer within a week.
extra_gated_button_content: Send it
extra_gated_prompt: |
  You agree not to pass the weights on.
extra_gated_fields:
  Company: text
  Country: country
  Date of birth: date_picker
  geo: ip_location
  I want to use this for:
    type: select
    options: [Research, {label: Something else, value: other}]
  I agree to the terms above, every one of them, and to be told of advisories: checkbox
---
# A model
"""
AGREED = "I agree to the terms above, every one of them, and to be told of advisories"
ANSWERS = {
    "Company": "Velmar",
    "Country": "pt",
    "Date of birth": "1990-02-28",
    "I want to use this for": "other",
    AGREED: "on",
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A hub with a gated release whose card states a form."""
    found = Served(World(tmp_path / "world"), tmp_path)
    answer = publish(found, CARD)
    assert answer.status_code == 200, answer.text
    yield found
    found.close()


def publish(served: Served, card: str, **options):
    """Publish with a card."""
    files = {**FILES, "README.md": card.encode()}
    return served.publish(served.world.release(files=files, **options))


def send(served: Served, method: str, path: str, who: str | None, /, **body: object):
    """A JSON request as a user."""
    return served.client.request(method, path, json=body, headers=served.headers(who))


def download(served: Served, who: str):
    """What a user gets for the weights."""
    url = "/acme/small/resolve/main/model.safetensors"
    return served.client.get(url, headers=served.headers(who))


class TestForm:
    """What the card asks is the gate's form."""

    def test_the_card_of_the_release_is_the_form(self, served: Served) -> None:
        """Every key of it is published with the rules."""
        rules = served.client.get("/openweir/acme/small/gate.json").json()["rules"]
        assert [field["name"] for field in rules["fields"]] == list(ANSWERS)
        select = next(field for field in rules["fields"] if field["type"] == "select")
        assert select["options"] == ["Research", "other"]
        assert (rules["heading"], rules["button"]) == ("Ask for the weights", "Send it")
        assert rules["description"] == "We answer within a week."
        assert rules["prompt"] == "You agree not to pass the weights on."
        assert rules["data"] == "stated"

    def test_answers_come_back_to_stock_clients(self, served: Served) -> None:
        """`list_pending_access_requests` of huggingface_hub has them in `fields`."""
        form = {"purpose": "study", **ANSWERS}
        headers = served.headers("ann")
        answer = served.client.post("/acme/small/ask-access", data=form, headers=headers)
        assert answer.status_code == 200, answer.text
        with served.live() as address:
            api = HfApi(endpoint=address, token=served.tokens["acme"])
            (waiting,) = api.list_pending_access_requests("acme/small")
            assert waiting.username == "ann"
            told = {"purpose": "study", **ANSWERS, "Country": "PT", AGREED: "true"}
            assert waiting.fields == told
            api.accept_access_request("acme/small", "ann")
        assert download(served, "ann").status_code == 200

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("Company", " ", "to be filled in"),
            ("Company", "x" * 1001, "to be filled in"),
            ("Country", "Atlantis", "two letters"),
            ("Country", "XX", "two letters"),
            ("Date of birth", "28.2.1990", "a day such as"),
            ("Date of birth", "1990-02-30", "a day such as"),
            ("Date of birth", "0001-01-01", "a day such as"),
            ("I want to use this for", "World domination", "is one of Research, other"),
            (AGREED, "off", "to be agreed to"),
            ("geo", "PT", "does not ask for `geo`"),
        ],
    )
    def test_answers_that_are_none(self, served: Served, name: str, value: str, said: str) -> None:
        """Each type is checked, and nothing beside the form is taken."""
        sent = {"purpose": "study", "fields": {**ANSWERS, name: value}}
        answer = send(served, "POST", f"{OURS}/requests", "ann", **sent)
        assert answer.status_code == 400
        assert said in answer.json()["error"]

    def test_the_card_turns_europe_away(self, served: Served) -> None:
        """`extra_gated_eu_disallowed` refuses who states a country of the Union, by its facts."""
        closed = CARD.replace("---\n# A", "extra_gated_eu_disallowed: true\n---\n# A")
        assert publish(served, closed, cost="closed").status_code == 200
        sent = {"purpose": "study", "fields": ANSWERS}
        answer = send(served, "POST", f"{OURS}/requests", "ann", **sent)
        assert (answer.status_code, "European Union" in answer.json()["error"]) == (403, True)
        facts = served.client.get("/openweir/acme/small/gate.json").json()["facts"]
        assert facts["open_to_every_country"]["answer"] == "no"
        away = {"purpose": "study", "fields": {**ANSWERS, "Country": "BR"}}
        assert send(served, "POST", f"{OURS}/requests", "ann", **away).is_success

    def test_a_later_card_replaces_the_form(self, served: Served) -> None:
        """The form is that of the release in force; a release that is not gated has none."""
        assert publish(served, "# Plain\n", cost="plain").status_code == 200
        rules = served.client.get("/openweir/acme/small/gate.json").json()["rules"]
        assert (rules["fields"], rules["heading"]) == ([], "")
        assert publish(served, CARD, cost="open", tier=Tier.OPEN_WEIGHTS).status_code == 200
        rules = served.client.get("/openweir/acme/small/gate.json").json()["rules"]
        assert rules["fields"] == []

    def test_published_rules_go_first(self, served: Served) -> None:
        """Rules that take data for security only keep it so: the card's other fields fall away."""
        rules = {"criteria": "Ours.", "data": "security-only"}
        assert send(served, "PUT", f"{OURS}/gate", "acme", **rules).is_success
        told = served.client.get("/openweir/acme/small/gate.json").json()["rules"]
        assert (told["criteria"], told["data"]) == ("Ours.", "security-only")
        assert [field["name"] for field in told["fields"]] == [AGREED]

    @pytest.mark.parametrize(
        ("card", "said"),
        [
            ("extra_gated_fields: [a, b]", "a table of names and types"),
            ("extra_gated_fields: {x: file}", "of no known type"),
            ("extra_gated_fields: {x: {type: select}}", "has from 1 to 100 `options`"),
            ("extra_gated_fields: {x: {type: select, options: 7}}", "`options` is a list"),
            (
                "extra_gated_fields: {" + ", ".join(f"f{n}: text" for n in range(21)) + "}",
                "at most 20",
            ),
            ("extra_gated_fields: {" + "x" * 601 + ": text}", "at most 600 letters"),
            ("extra_gated_fields: {'a\\tb': text}", ""),
            ("extra_gated_heading: [a]", "is a text of at most 200"),
            ("extra_gated_prompt: " + "x" * 65_537, "is a text of at most 65536"),
            ("extra_gated_fields: &a {x: *a}", "card"),
            ("extra_gated_fields: {x: [", "card"),
        ],
    )
    def test_hostile_cards(self, served: Served, card: str, said: str) -> None:
        """A form that cannot be carried out is no release, and the one before stays."""
        answer = publish(served, f"---\n{card}\n---\n# A\n", cost="hostile")
        if not said:
            assert answer.status_code in (200, 422)
            return
        assert answer.status_code == 422
        assert said in answer.json()["error"]
        assert "check `card` fails" in answer.json()["error"]
        rules = served.client.get("/openweir/acme/small/gate.json").json()["rules"]
        assert rules["heading"] == "Ask for the weights"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["extra_gated_fields", "extra_gated_prompt"]), JSON))
def test_any_card_is_read_or_refused(card: dict) -> None:
    """No card is a failure: it gives rules within the bounds, or a sentence."""
    try:
        rules = from_card(card)
    except HubError:
        return
    assert GateRules.read(Object(json.loads(rules.to_bytes()), "it")) == rules
    assert len(rules.fields) <= 20
    assert json.loads(rules.to_bytes())["fields"] == [field.to_json() for field in rules.fields]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(COUNTRIES)), JSON)
def test_countries_and_odd_values(country: str, odd: object) -> None:
    """Every country passes in either case; any other value is kept or refused, never a fault."""
    field = Field(name="c", type="country")
    assert value_of(field, country.lower()) == country
    assert EU < COUNTRIES
    with contextlib.suppress(HubError):
        assert value_of(field, odd) in COUNTRIES


def test_the_llama_kind_of_card() -> None:
    """Options of numbers and texts are texts; a field by address is passed over."""
    card = {
        "extra_gated_fields": {"n": {"type": "select", "options": [1, "b", 1]}, "g": "ip_location"}
    }
    assert form_of(card) == (Field(name="n", type="select", options=("1", "b")),)


class TestTightened:
    """Rules of today hold for those who were let in yesterday."""

    @pytest.fixture
    def let_in(self, tmp_path: Path) -> Iterator[Served]:
        """A hub where `ann` asked and was granted, and `granted` was granted without asking."""
        found = Served(World(tmp_path / "world"), tmp_path)
        assert found.publish(found.world.release()).is_success
        assert send(
            found, "POST", f"{OURS}/requests", "ann", purpose="p", terms=["EVAL"]
        ).is_success
        for user in ("ann", "granted"):
            assert send(found, "POST", f"{OURS}/grants", "acme", user=user).is_success
            assert download(found, user).status_code == 200
        found.now = NOW + timedelta(days=1)
        yield found
        found.close()

    def tighten(self, served: Served, **rules: object) -> None:
        """Publish other rules."""
        assert send(served, "PUT", f"{OURS}/gate", "acme", **rules).is_success

    def test_a_condition_more(self, let_in: Served) -> None:
        """Both are stopped with the reason; accepting it is the way back, for who asks."""
        self.tighten(let_in, conditions=["NO-REDIST"], mode="auto")
        for user in ("ann", "granted"):
            answer = download(let_in, user)
            assert (answer.status_code, answer.headers["x-error-code"]) == (403, "GatedRepo")
            assert "asks for NO-REDIST since" in answer.json()["error"]
        sent = {"purpose": "p", "terms": ["EVAL", "NO-REDIST"]}
        assert (
            send(let_in, "POST", f"{OURS}/requests", "ann", **sent).json()["status"] == "accepted"
        )
        assert download(let_in, "ann").status_code == 200
        assert download(let_in, "granted").status_code == 403

    def test_a_narrower_purpose(self, let_in: Served) -> None:
        """Who stated another purpose asks again; who stated one that remains goes on."""
        self.tighten(let_in, purposes=["EVAL", "DEFENCE"])
        assert download(let_in, "ann").status_code == 200
        self.tighten(let_in, purposes=["DEFENCE"])
        assert "the gate is for DEFENCE since" in download(let_in, "ann").json()["error"]

    def test_a_higher_level(self, let_in: Served) -> None:
        """Until the person shows as much; when the visa ends, it ends."""
        self.tighten(let_in, level=1)
        assert "level 1 is asked and level 0 is shown" in download(let_in, "ann").json()["error"]
        visa = Visa(
            issuer="https://i.example",
            subject="s",
            type=VERIFIED_EMAIL,
            value="",
            source="",
            by="system",
            asserted=let_in.now,
            until=let_in.now + timedelta(days=2),
        )
        let_in.hub.gates.keep("ann", visa.issuer, visa.subject, [visa])
        assert download(let_in, "ann").status_code == 200
        let_in.now += timedelta(days=3)
        assert download(let_in, "ann").status_code == 403

    def test_shorter_grants(self, let_in: Served) -> None:
        """A grant without an end gets one."""
        self.tighten(let_in, days=5)
        assert download(let_in, "ann").status_code == 200
        let_in.now = NOW + timedelta(days=6)
        assert "grants last 5 days since" in download(let_in, "ann").json()["error"]

    def test_every_way_to_the_bytes(self, let_in: Served) -> None:
        """Range, head and auth-check are stopped alike."""
        self.tighten(let_in, conditions=["NO-REDIST"])
        headers = let_in.headers("ann")
        url = "/acme/small/resolve/main/model.safetensors"
        ranged = {**headers, "Range": "bytes=0-9"}
        assert let_in.client.get(url, headers=ranged).status_code == 403
        assert let_in.client.head(url, headers=headers).status_code == 403
        api = "/api/models/acme/small"
        assert let_in.client.get(f"{api}/auth-check", headers=headers).status_code == 403

    def test_loosened_rules_let_nobody_in(self, let_in: Served) -> None:
        """Who was turned down or waits stays so, and the decision's own bounds stay."""
        for user in ("pending", "rejected"):
            send(let_in, "POST", f"{OURS}/requests", user, purpose="p")
        send(let_in, "DELETE", f"{OURS}/grants/rejected", "acme")
        self.tighten(let_in, mode="auto", level=0)
        for user in ("pending", "rejected", "ended"):
            assert download(let_in, user).status_code == 403
        let_in.now = NOW + timedelta(days=400)
        assert download(let_in, "granted").status_code == 404

    def test_a_stream_under_way_is_cut(self, let_in: Served) -> None:
        """The question whether a running download may go on has the same answer."""
        principal = let_in.hub.accounts.principal(let_in.tokens["ann"], at=let_in.now)
        release = let_in.hub.release("acme", "small")
        assert release is not None
        file = release.file("model.safetensors")
        assert file is not None
        asked = ("acme/small", file.path, file.sha256, principal)
        assert let_in.hub.still(*asked)
        self.tighten(let_in, conditions=["NO-REDIST"])
        assert not let_in.hub.still(*asked)
