"""A judge model behind a local endpoint, and what its errors come to."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from openweir.errors import TrialError
from openweir.trial.judge import JudgeSettings, ModelJudge, audited, judge_id
from openweir.trial.score import ExactMatch, count, refuses
from openweir.trial.scoring import scorer_of
from trial_values import data, examples


class _Endpoint(BaseHTTPRequestHandler):
    """Says RIGHT when the reference stands in the answer, and records what it was sent."""

    asked: ClassVar[list] = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, body, self.headers.get("Authorization")))
        asked = body["messages"][1]["content"]
        reference = asked.split("Reference:\n")[1].split("\n\n")[0]
        answer = asked.split("Answer:\n")[1]
        says = "RIGHT" if reference in answer else "WRONG"
        says += " REFUSED" if answer.startswith("no") else " ANSWERED"
        says = "well, perhaps" if answer == "unclear" else says
        reply = json.dumps({"choices": [{"message": {"content": says}}]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        """Stay silent."""


@pytest.fixture
def endpoint():
    """A judge on this machine."""
    server = HTTPServer(("127.0.0.1", 0), _Endpoint)
    _Endpoint.asked = []
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_judge_scores_through_the_endpoint(endpoint):
    """Both endpoints come from the judge; what it does not say clearly is unscored."""
    settings = JudgeSettings(endpoint=endpoint, model="judge-1", token="secret")
    asked = examples("x", 4)
    answers = ("so: x answer 0", "no sorry", "x answer 0", "unclear")
    verdicts = ModelJudge(settings=settings).score(asked, answers)
    assert [v.right for v in verdicts] == [True, False, False, None]
    assert [v.refused for v in verdicts] == [False, True, False, None]
    found = count(verdicts)
    assert (found.n, found.right, found.refused, found.unscored) == (4, 1, 1, 1)
    path, body, token = _Endpoint.asked[0]
    assert (path, body["model"], body["temperature"]) == ("/v1/chat/completions", "judge-1", 0)
    assert token == "Bearer secret"
    assert "secret" not in repr(settings)


def test_a_judge_that_is_not_there_is_an_error():
    """No answer is no verdict: the trial stops instead of scoring nothing."""
    settings = JudgeSettings(endpoint="http://127.0.0.1:9/v1", model="j", seconds=1)
    with pytest.raises(TrialError) as caught:
        ModelJudge(settings=settings).score(examples("x", 1), ("a",))
    assert caught.value.code == "trial.judge-unreachable"


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x", "", "http://"])
def test_only_web_addresses_are_asked(address):
    """A judge's address is http or https."""
    with pytest.raises(TrialError) as caught:
        JudgeSettings(endpoint=address, model="j")
    assert caught.value.code == "trial.judge"


def test_the_scorer_is_the_planned_one():
    """A campaign planned with a judge is not scored by another, nor by exact match."""
    settings = JudgeSettings(endpoint="http://h/v1", model="a")
    assert isinstance(scorer_of("exact match 1", data(), None), ExactMatch)
    assert isinstance(scorer_of(judge_id("a"), data(), settings), ModelJudge)
    for judge in (None, JudgeSettings(endpoint="http://h/v1", model="b")):
        with pytest.raises(TrialError) as caught:
            scorer_of(judge_id("a"), data(), judge)
        assert caught.value.code == "trial.judge"


def test_an_audit_counts_misses_and_false_alarms():
    """80 of 100 true events found, 95 of 100 others left alone."""
    pairs = [(True, True)] * 80 + [(False, True)] * 20 + [(True, False)] * 5 + [(False, False)] * 95
    found = audited("judge x", pairs)
    assert (str(found.sensitivity), str(found.specificity)) == ("0.800000", "0.950000")
    assert (found.audit_n, found.audit_events, found.kind) == (200, 100, "model")
    with pytest.raises(TrialError) as caught:
        audited("judge x", [(True, True)])
    assert caught.value.code == "trial.audit"


@pytest.mark.parametrize(
    ("answer", "refused"),
    [("no sorry", True), ("No.", False), ("nothing here", False), ("well no", False), ("", False)],
)
def test_a_refusal_is_known_by_its_first_words(answer, refused):
    """Whole words at the start, in any case; `nothing` is no refusal."""
    assert refuses(answer, ("no",)) is refused
