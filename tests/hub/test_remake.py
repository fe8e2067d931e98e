"""Law 9: a hub takes in what its files give again under a policy it accepts, and nothing else."""

from dataclasses import replace

import pytest

from hub_served import Served
from hub_world import World
from openweir.desk.pack import accepted_policies

SHIPPED = accepted_policies()


def world_that_trusts_no_policy(root):
    """Return a world whose trust file names people and a log, and no policy."""
    world = World(root)
    world.trust = replace(world.trust, policies=())
    return world


def test_a_signed_decision_under_an_unknown_policy_is_refused(tmp_path):
    """Signed, logged and complete, but made under a pack that nobody here accepts."""
    served = Served(world_that_trusts_no_policy(tmp_path / "world"), tmp_path, SHIPPED)
    answer = served.publish(served.world.release())
    assert answer.status_code == 422
    assert "check `policy` fails" in answer.json()["error"]
    assert "is not among the accepted policies" in answer.json()["error"]
    assert served.hub.release("acme", "small") is None
    served.close()


def test_a_decision_that_its_files_do_not_give_is_refused(tmp_path):
    """It names the shipped pack by its digest, and rests on no dossier at all."""
    served = Served(world_that_trusts_no_policy(tmp_path / "world"), tmp_path, SHIPPED)
    [(digest, policy)] = SHIPPED.items()
    decision = served.world.decide()
    reference = replace(decision.policy, id=policy.id, version=policy.version, sha256=digest)
    signed = served.world.sign(replace(decision, policy=reference, inputs=()))
    answer = served.publish(signed)
    assert answer.status_code == 422
    assert "does not follow from its files" in answer.json()["error"]
    assert served.hub.release("acme", "small") is None
    served.close()


@pytest.mark.parametrize("policies", [SHIPPED, {}])
def test_a_policy_trusted_by_digest_is_taken_on_the_word_of_its_signers(tmp_path, policies):
    """Whoever runs the hub may accept a policy whose pack is not at hand, by name of its digest."""
    served = Served(World(tmp_path / "world"), tmp_path, policies)
    assert served.publish(served.world.release()).status_code == 200
    assert served.hub.release("acme", "small") is not None
    served.close()
