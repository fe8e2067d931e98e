"""The fleet: which tests of the hub are not for three replicas behind nginx, and why not.

With `OPENWEIR_TEST_HUB=fleet` every other test of the hub runs through nginx against three
replicas in turns. What one replica takes back at once the others take back within a second;
`test_revocation` and `test_replicas` hold that bound, so tests that ask sooner are for one.
"""

import os

import pytest

_SOONER = "asks sooner than the second in which every replica knows"
_INSIDE = "reaches into the one hub that it expects to answer"
_BEFORE = "nginx refuses this request before any replica sees it"
_ALONE = {
    "access/test_gate_rules.py::TestHuggingFace::test_the_states": _SOONER,
    "access/test_gate_rules.py::TestPanel::test_the_panel_admits_against_the_publisher": _SOONER,
    "stages/test_bound_plan.py::TestBinding::test_nor_by_hiding_the_plan": _INSIDE,
    "test_halts.py::TestStreams::test_a_head_asked_for_again_neither": _INSIDE,
    "test_holes.py::TestFullDisk::test_every_way_in_says_so": _INSIDE,
    "test_holes.py::TestTheJournal::test_an_event_after_a_torn_line_is_found_again": _INSIDE,
    "test_openapi.py::test_no_request_makes_the_hub_fail": _INSIDE,
    "test_orders.py::test_a_log_that_cannot_be_read_orders_who_knows_what": _INSIDE,
    "test_publication.py::TestCrashes::test_failure_in_commit": _INSIDE,
    "test_read_once.py::TestNextRequest::test_here": _SOONER,
    "test_read_once.py::TestWithoutThread::test_the_database_is_not_asked": _INSIDE,
    "test_surface.py::TestFiles::test_traversal[README.md%00]": _BEFORE,
    "test_surface.py::TestTampering::test_trust_withdrawn": _SOONER,
    "test_surface.py::TestAccess::test_every_download_is_logged": _INSIDE,
    "test_surface.py::TestRest::test_no_input_spoils_a_header[%00]": _BEFORE,
    "test_watched.py::test_health[False]": _BEFORE,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out of the fleet what is for one replica."""
    if os.environ.get("OPENWEIR_TEST_HUB") != "fleet":
        return
    for item in items:
        _, found, name = item.nodeid.partition("tests/hub/")
        for known, reason in _ALONE.items():
            if found and (name == known or name.startswith(f"{known}[")):
                item.add_marker(pytest.mark.skip(reason=reason))
