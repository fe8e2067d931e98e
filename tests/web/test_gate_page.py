"""The page of a gate: the criteria and the numbers that the JSON has, and nobody's name."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hub_served import Served
from hub_world import FILES, NOW, World
from openweir.tier import Tier
from openweir.web import application
from openweir.web.words import lasting

OURS = "/api/openweir/releases/acme/small"
CARD = b"""---
extra_gated_heading: Ask for the weights
extra_gated_fields: {Company: text, I agree: checkbox}
---
# A model
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A gate that was used: two let in, one turned down, one waits."""
    found = Served(World(tmp_path / "world"), tmp_path)
    found.client.close()
    found.client = TestClient(application(found.hub))
    signed = found.world.release(files={**FILES, "README.md": CARD})
    assert found.publish(signed).is_success
    rules = {"criteria": "People who test safeguards.", "data": "stated", "purposes": ["EVAL"]}
    owner = found.headers("acme")
    assert found.client.put(f"{OURS}/gate", json=rules, headers=owner).is_success
    asked = {"purpose": "p", "terms": ["EVAL"], "fields": {"Company": "V", "I agree": "true"}}
    for user in ("ann", "pending", "granted", "rejected"):
        answer = found.client.post(f"{OURS}/requests", json=asked, headers=found.headers(user))
        assert answer.is_success, answer.text
    found.now = NOW + timedelta(days=2, hours=3)
    for user in ("ann", "granted"):
        found.client.post(f"{OURS}/grants", json={"user": user}, headers=owner)
    reason = {"class": "purpose"}
    found.client.request("DELETE", f"{OURS}/grants/rejected", json=reason, headers=owner)
    yield found
    found.close()


def test_the_page_says_what_the_json_says(served: Served) -> None:
    """Criteria, numbers, rate, median and reasons are those of gate.json."""
    told = served.client.get("/openweir/acme/small/gate.json").json()
    page = served.client.get("/acme/small/gate")
    assert page.status_code == 200
    text = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    used = told["statistics"]
    assert (used["asked"], used["acceptance_rate"]) == (4, "2/3")
    for words in (
        "Ask for the weights",
        "People who test safeguards.",
        "asked 4",
        "accepted 2",
        "rejected 1",
        "waiting 1",
        "66 % (2/3)",
        "median time to an answer 2 days 3 hours",
        "purpose 1",
        "Company (text)",
        "an account on this hub",
        "paragraph 87",
    ):
        assert words in text, words
    assert used["median_seconds_to_answer"] == (2 * 24 + 3) * 3600
    assert "compliant" not in text.lower()


def test_nobody_is_named(served: Served) -> None:
    """Neither the page nor anything of the public log holds a recipient."""
    page = served.client.get("/acme/small/gate").text
    assert not re.search(r"\b(ann|granted|rejected)@|>ann<|\bann\b", page)
    register = served.world.root / "register"
    for path in register.rglob("*"):
        if path.is_file():
            assert b"pending" not in path.read_bytes()
            assert not re.search(rb'"(?:ann|granted)"', path.read_bytes())


def test_the_release_links_to_it_and_an_open_one_has_none(served: Served) -> None:
    """The page is found from the release's; without a gate it says so; hidden ones are 404."""
    assert 'href="/acme/small/gate"' in served.client.get("/acme/small").text
    open_one = served.world.release("acme/open", tier=Tier.OPEN_WEIGHTS)
    assert served.publish(open_one).is_success
    assert "has no gate" in served.client.get("/acme/open/gate").text
    assert served.client.get("/acme/none/gate").status_code == 404


def test_the_request_page_writes_the_form_into_its_command(served: Served) -> None:
    """Whoever copies the command sees which answers the gate wants."""
    text = served.client.get("/acme/small/request-access").text
    assert "--field Company=ANSWER" in text
    assert "I agree=true" in text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "none yet"),
        (0, "under a minute"),
        (59, "under a minute"),
        (60, "1 minute"),
        (3_661, "1 hour 1 minute"),
        (86_400 * 2 + 59, "2 days"),
        (90_061, "1 day 1 hour"),
    ],
)
def test_times_for_people(seconds: int | None, said: str) -> None:
    """Two units at most, in the singular where there is one."""
    assert lasting(seconds) == said
