"""Halts, orders and advisories: what stops a release at once, and what its users hear."""

import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from starlette.responses import StreamingResponse

from hub.test_orders import entry
from hub_served import Served
from hub_world import NOW, World
from openweir.errors import HubError
from openweir.hub.api.metered import Metered
from openweir.hub.api.reply import refusal
from openweir.hub.notices import TRIGGERS
from openweir.tier import Tier

DISABLED = "Access to this resource is disabled."
OURS = "/api/openweir/releases/acme/small"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A hub with one open release."""
    found = Served(World(tmp_path / "world"), tmp_path)
    assert found.publish(found.world.release(tier=Tier.OPEN_WEIGHTS)).is_success
    yield found
    found.close()


def halt(served: Served, user: str = "acme", **body: str):
    """Ask for a halt."""
    stated = {"trigger": "weights-leak", "reason": "copies were found outside", **body}
    return served.client.post(f"{OURS}/halt", json=stated, headers=served.headers(user))


class TestHalt:
    """A halt closes the release for everybody until it is lifted."""

    def test_it_closes_every_way_with_the_text_clients_know(self, served: Served) -> None:
        """403 with the exact sentence, why as a warning, and the decision rules again after."""
        assert halt(served).status_code == 200
        for path in (
            "/acme/small/resolve/main/README.md",
            "/api/models/acme/small",
            "/api/models/acme/small/tree/main",
            "/api/models/acme/small/revision/main",
            "/api/models/acme/small/xet-read-token/main",
        ):
            answer = served.client.get(path)
            assert answer.status_code == 403, path
            assert answer.headers["x-error-message"] == DISABLED
            assert answer.json()["error"] == DISABLED
            assert "copies were found outside" in answer.headers["x-hf-warning"]
            assert answer.headers["x-error-code"] == "Disabled"
        assert served.client.get("/api/models").json() == []
        told = served.client.get("/openweir/acme/small/release.json").json()
        assert (told["release_state"], told["files"]) == ("halted", [])
        assert told["halted"] == "weights-leak: copies were found outside"
        notices = served.client.get("/openweir/acme/small/notices.json").json()
        assert [item["kind"] for item in notices["notices"]] == ["halt"]
        lifted = served.client.request(
            "DELETE", f"{OURS}/halt", json={"reason": "it was not"}, headers=served.headers("acme")
        )
        assert lifted.json() == {"ended": 1, "name": "acme/small"}
        assert served.client.get("/acme/small/resolve/main/README.md").status_code == 200
        actions = [item.action for item in served.events("acme/small")]
        assert "halt" in actions
        assert "resume" in actions

    def test_only_its_owner_halts(self, served: Served) -> None:
        """A stranger cannot close a release, nor open one."""
        assert halt(served, "ann").status_code == 403
        answer = served.client.request("DELETE", f"{OURS}/halt", headers=served.headers("ann"))
        assert answer.status_code == 403

    def test_there_is_nothing_to_resume(self, served: Served) -> None:
        """Resuming what is not halted is a conflict, said plainly."""
        answer = served.client.request("DELETE", f"{OURS}/halt", headers=served.headers("acme"))
        assert answer.status_code == 409
        assert answer.json()["error"] == "`acme/small` is not halted"

    def test_a_mistyped_name_is_not_halted(self, served: Served) -> None:
        """Who halts in haste hears that there is no such release, not that it is halted."""
        for action, body in (("halt", {"reason": "r"}), ("advisories", {"id": "a", "text": "t"})):
            answer = served.client.post(
                f"/api/openweir/releases/acme/smal/{action}",
                json=body,
                headers=served.headers("acme"),
            )
            assert answer.status_code == 404
            assert answer.headers["X-Error-Code"] == "RepoNotFound"

    def test_a_halt_says_why(self, served: Served) -> None:
        """Trigger and reason are asked for in the words of a plan."""
        for body, said in (
            ({"trigger": "boredom"}, "`boredom` is no reason to halt"),
            ({"reason": ""}, "say why in a sentence"),
            ({"reason": "x" * 500}, "say why in a sentence"),
        ):
            answer = halt(served, **body)
            assert answer.status_code == 400
            assert answer.json()["error"].startswith(said)

    def test_every_trigger_of_a_plan_halts(self, served: Served) -> None:
        """Each reason the framework names is one of ours."""
        for trigger in TRIGGERS:
            assert halt(served, trigger=trigger).json()["topic"] == trigger
            assert served.hub.release("acme", "small") is None
            assert served.hub.notices.resume("acme/small", by="acme", at=NOW) == 1

    def test_an_order_disables_too(self, served: Served) -> None:
        """What a regulator ordered is a halt to clients, with the order's words as warning."""
        served.world.log.append([entry("acme/small")])
        answer = served.client.get("/acme/small/resolve/main/README.md")
        assert answer.headers["x-error-message"] == DISABLED
        assert "orders public-hosted at most" in answer.headers["x-hf-warning"]

    def test_resuming_does_not_lift_an_order(self, served: Served) -> None:
        """The publisher lifts their own halt only."""
        halt(served)
        served.world.log.append([entry("acme/small")])
        served.client.request("DELETE", f"{OURS}/halt", headers=served.headers("acme"))
        answer = served.client.get("/acme/small/resolve/main/README.md")
        assert answer.headers["x-error-message"] == DISABLED


class TestAdvisories:
    """Advisories reach every stock client and stop nothing."""

    def test_clients_are_told(self, served: Served) -> None:
        """One header for each, topic first; withdrawn ones are silent."""
        headers = served.headers("acme")
        for number in (1, 2):
            body = {"id": f"OWA-2026-000{number}", "text": f"flaw {number}: update"}
            assert served.client.post(f"{OURS}/advisories", json=body, headers=headers).is_success
        answer = served.client.get("/acme/small/resolve/main/README.md")
        told = answer.headers.get_list("x-hf-warning")
        assert [warning.partition(";")[0] for warning in told] == [
            "openweir OWA-2026-0001 acme/small",
            "openweir OWA-2026-0002 acme/small",
        ]
        assert "flaw 1: update" in told[0]
        gone = served.client.delete(f"{OURS}/advisories/OWA-2026-0001", headers=headers)
        assert gone.status_code == 200
        answer = served.client.head("/acme/small/resolve/main/README.md")
        assert len(answer.headers.get_list("x-hf-warning")) == 1

    def test_no_text_spoils_a_header(self, served: Served) -> None:
        """Line breaks and odd signs never reach the header."""
        body = {"id": "OWA-1", "text": "a\r\nX-Evil: 1 é"}
        served.client.post(f"{OURS}/advisories", json=body, headers=served.headers("acme"))
        answer = served.client.head("/acme/small/resolve/main/README.md")
        assert "x-evil" not in answer.headers
        assert answer.headers["x-hf-warning"].endswith("a X-Evil: 1 ?")


class TestStreams:
    """A stream ends with its right."""

    def run(self, still: threading.Event) -> tuple[list[bytes], list[tuple[int, int, bool]]]:
        """Send a slow body of 30 pieces whose right ends after the fifth."""
        sent: list[bytes] = []
        told: list[tuple[int, int, bool]] = []

        async def pieces():
            for number in range(30):
                await anyio.sleep(0.06)
                if number == 5:
                    still.clear()
                yield b"x" * 10

        async def receive():
            await anyio.sleep_forever()

        async def send(message):
            sent.append(message.get("body", b""))

        answer = Metered(
            StreamingResponse(pieces()),
            still=still.is_set,
            finished=lambda status, count, cut: told.append((status, count, cut)),
            refused=refusal,
        )
        scope = {"type": "http", "method": "GET", "headers": [], "asgi": {"spec_version": "2.3"}}
        anyio.run(answer, scope, receive, send)
        return sent, told

    def test_it_is_cut_within_a_second(self) -> None:
        """Some pieces after the end of the right at most, and the log says how many went out."""
        still = threading.Event()
        still.set()
        sent, told = self.run(still)
        assert 5 <= sum(map(bool, sent)) < 5 + 1 / 0.06
        assert told == [(200, sum(map(len, sent)), True)]

    def test_nothing_goes_out_unrecorded(self, served: Served, monkeypatch) -> None:
        """Where the beginning cannot be written down, not one byte is sent."""

        def full(_event: object) -> int:
            raise HubError("the hub cannot keep its audit journal", code="no-room")

        monkeypatch.setattr(served.hub.audit, "record", full)
        answer = served.client.get("/acme/small/resolve/main/model.safetensors")
        assert answer.status_code == 507
        assert answer.json()["error"] == "the hub cannot keep its audit journal"
        assert answer.json()["code"] == "hub.no-room"
        assert served.now == NOW

    def test_a_head_asked_for_again_neither(self, served: Served, monkeypatch) -> None:
        """A kept answer is recorded before it goes out, like the first."""
        path = "/acme/small/resolve/main/README.md"
        first = served.client.head(path)
        assert first.status_code == 200

        def full(*_: object, **__: object) -> int:
            raise HubError("the hub cannot keep its audit journal", code="no-room")

        monkeypatch.setattr(served.hub.audit, "again", full)
        again = served.client.head(path)
        assert again.status_code == 507
        assert "X-Repo-Commit" not in again.headers
        assert again.headers["X-Request-Id"]
