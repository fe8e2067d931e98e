"""The rationale in other people's forms: pictures, OSCAL, VSA and SVR."""

import json
import re
from datetime import date
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
import yaml

import decision_cases as cases
from openweir.attest import Statement
from openweir.decision import decide, read_case
from openweir.decision.rationale import argument_of, gsn2x, gsn_svg
from openweir.decision.rationale.gsn import layout
from openweir.desk.explain import FORMATS, rationale_of
from openweir.desk.pack import load_pack
from openweir.errors import DecisionError

AS_OF = date(2026, 6, 1)
POLICY = load_pack()
FULL = decide(read_case(cases.case_files(cases.case())), POLICY, AS_OF)
PART = decide(cases.case(items=cases.EVIDENCE[:4]), POLICY, AS_OF)
EMPTY = decide(cases.case({}, ()), POLICY, AS_OF)
DECISIONS = pytest.mark.parametrize("decision", [FULL, PART, EMPTY], ids=["full", "part", "empty"])


def nodes(top):
    """Return every element below and with `top`."""
    return [top, *(found for child in top.children for found in nodes(child))]


@DECISIONS
def test_every_node_and_edge_is_drawn_and_no_boxes_overlap(decision):
    """At the size of the shipped pack, over 20 requirements with all their solutions."""
    argument = argument_of(decision)
    drawn = ET.fromstring(gsn_svg(argument))
    space = {"s": "http://www.w3.org/2000/svg"}
    ids = {g.get("id") for g in drawn.iterfind("s:g", space)}
    everything = [*nodes(argument.top), *argument.contexts]
    assert ids == {node.id for node in everything}
    assert len(ids) == len(everything)
    edges = {path.get("id") for path in drawn.iterfind("s:path", space)}
    wanted = {f"{n.id}-{child.id}" for n in everything for child in n.children}
    assert edges == wanted | {f"{argument.top.id}-{c.id}" for c in argument.contexts}
    boxes = layout(argument)
    for one, other in combinations(boxes, 2):
        apart = (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
        assert apart, (one.node.id, other.node.id)
    width, height = int(drawn.get("width")), int(drawn.get("height"))
    assert all(box.x + box.width < width and box.y + box.height < height for box in boxes)


@DECISIONS
def test_no_edge_crosses_a_box(decision):
    """Lines keep to the gutters: each straight piece touches no box but its own two."""
    boxes = layout(argument_of(decision))
    at = {box.node.id: box for box in boxes}
    drawn = re.findall(
        r'<path class="edge" id="([^"]+)" d="([^"]+)"', gsn_svg(argument_of(decision))
    )
    for name, path in drawn:
        own = {at[part] for part in name.split("-")}
        x, y = None, None
        for command, numbers in re.findall(r"([MHV])([\d ]+)", path):
            values = [int(n) for n in numbers.split()]
            new_x = values[0] if command in "MH" else x
            new_y = values[-1] if command in "MV" else y
            if command != "M":
                for box in set(boxes) - own:
                    across = min(x, new_x) < box.x + box.width and max(x, new_x) > box.x
                    down = min(y, new_y) < box.y + box.height and max(y, new_y) > box.y
                    assert not (across and down), (name, box.node.id)
            x, y = new_x, new_y


def test_gsn2x_yaml_is_well_formed_and_closed():
    """Known keys, known prefixes, every reference is there, nothing stands apart."""
    for decision in (FULL, PART, EMPTY):
        found = yaml.safe_load(gsn2x(argument_of(decision)))
        assert all(re.fullmatch(r"(G|S|Sn|C|J)\d+", name) for name in found)
        referred = set()
        for item in found.values():
            assert set(item) <= {"text", "supportedBy", "inContextOf", "undeveloped"}
            referred |= {*item.get("supportedBy", []), *item.get("inContextOf", [])}
        assert referred == set(found) - {"G1"}


def test_hostile_text_stays_text():
    """A name with markup or control characters breaks neither picture nor YAML."""
    from dataclasses import replace

    odd = replace(PART, name='a/<script>"&\x01: [x]\n')
    argument = argument_of(odd)
    assert ET.fromstring(gsn_svg(argument)) is not None
    assert yaml.safe_load(gsn2x(argument))["G1"]["text"].startswith("a/<script>")


def test_the_summaries_say_the_result_and_name_policy_and_decision():
    """VSA v1 and SVR v0.2 as statements that read back."""
    vsa = Statement.from_bytes(rationale_of(FULL, "vsa"))
    assert vsa.predicate_type == "https://slsa.dev/verification_summary/v1"
    assert vsa.predicate["verificationResult"] == "PASSED"
    assert vsa.predicate["verifiedLevels"] == ["OPENWEIR_TIER_FULLY_OPEN"]
    assert vsa.predicate["policy"]["digest"] == {"sha256": POLICY.sha256}
    assert len(vsa.predicate["inputAttestations"]) == len(FULL.inputs)
    failed = Statement.from_bytes(rationale_of(EMPTY, "vsa"))
    assert failed.predicate["verificationResult"] == "FAILED"
    assert failed.predicate["verifiedLevels"] == ["FAILED"]
    svr = Statement.from_bytes(rationale_of(PART, "svr"))
    assert svr.predicate_type == "https://in-toto.io/attestation/svr/v0.2"
    assert svr.predicate["verifier"]["policies"][0]["digest"] == {"sha256": POLICY.sha256}
    assert "OPENWEIR_REQUIREMENT_DOS1@trusted-hosted" in svr.predicate["properties"]
    assert not any("PE3" in name for name in svr.predicate["properties"])


def test_oscal_has_a_finding_per_requirement_and_is_the_same_every_time():
    """Satisfied or not, with the observations it rests on; identifiers are derived."""
    data = rationale_of(PART, "oscal")
    assert data == rationale_of(PART, "oscal")
    result = json.loads(data)["assessment-results"]["results"][0]
    assert [item["title"] for item in result["findings"]] == [r.id for r in PART.requirements]
    states = {item["target"]["status"]["state"] for item in result["findings"]}
    assert states == {"satisfied", "not-satisfied"}
    known = {item["uuid"] for item in result["observations"]}
    for item in result["findings"]:
        assert {one["observation-uuid"] for one in item["related-observations"]} <= known


@pytest.mark.peer
@DECISIONS
def test_compliance_trestle_validates_the_oscal(decision):
    """The reference library reads it as assessment results."""
    reading = pytest.importorskip(
        "trestle.oscal.assessment_results", reason="compliance-trestle is not installed"
    )
    document = json.loads(rationale_of(decision, "oscal"))["assessment-results"]
    found = reading.AssessmentResults.model_validate(document)
    assert len(found.results[0].findings) == len(decision.requirements)


def test_an_unknown_form_is_refused():
    """The hint lists the known ones."""
    with pytest.raises(DecisionError, match="gsn-svg"):
        rationale_of(FULL, "pdf")
    assert len(FORMATS) == 5
