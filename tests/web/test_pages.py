"""The pages as values in, HTML out."""

import html
import re
import shlex
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.decision import Decision
from openweir.hub.grants import Statistics
from openweir.tier import Tier
from openweir.web import (
    Provenance,
    Row,
    Signer,
    missing_page,
    register_page,
    release_page,
    request_page,
)
from openweir.web.pages import style, style_path
from openweir.web.words import TIERS, day
from web.a_decision import HOSTILE, decision, hostile_decision, provenance

ORIGIN = "http://127.0.0.1:8080"


class Reader(HTMLParser):
    """Collects a page's elements, attributes and text."""

    def __init__(self, page: str) -> None:
        """Read the whole page."""
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attrs):
        """Note an element; one that stands on its own line parts words."""
        self.tags.append(tag)
        if tag in ("dd", "div", "dt", "h1", "h2", "h3", "li", "p", "section", "summary"):
            self.text += " "
        self.attributes += attrs

    def handle_data(self, data):
        """Note text."""
        self.text += data


def page(made: Decision, **changes: object) -> str:
    """Return the release page of a decision."""
    values = {
        "state": "released",
        "commit": "c" * 40,
        "provenance": provenance(),
        "statistics": Statistics(asked=17, pending=3, accepted=12, rejected=2),
        "origin": ORIGIN,
    }
    return release_page(made, **(values | changes))


def ways_of_all_pages() -> list[str]:
    """Return every page at every tier."""
    rows = tuple(Row(name="a/b", tier=tier, valid_until=date(2027, 1, 1)) for tier in Tier)
    pages = [register_page(rows, origin=ORIGIN), register_page((), origin=ORIGIN)]
    pages.append(missing_page(origin=ORIGIN))
    for tier in Tier:
        pages.append(request_page(decision(tier), purpose="", origin=ORIGIN))
        pages += [page(decision(tier), state=state) for state in ("released", "expired")]
    return pages


def test_the_three_fields_stand_apart():
    """Computed tier, effective tier and release state are three fields (law 6)."""
    held = decision(Tier.OPEN_WEIGHTS, effective_tier=Tier.PUBLIC_HOSTED)
    text = Reader(page(held)).text
    assert "Computed tier open-weights" in text
    assert "Effective tier public-hosted" in text
    assert "Release state released" in text
    assert "which holds it back" in text


@pytest.mark.parametrize("tier", list(Tier))
def test_one_sentence_says_what_the_tier_permits(tier):
    """The page opens with what the effective tier permits, and marks that rung alone."""
    shown = page(decision(tier))
    assert TIERS[tier].permits in html.unescape(shown)
    assert shown.count('aria-current="step"') == 1


@pytest.mark.parametrize("shown", ways_of_all_pages())
def test_no_page_says_what_openweir_never_says(shown):
    """No page says compliant, certified or recall, at any tier (laws 5 and 11)."""
    text = Reader(shown).text.lower()
    assert not re.search(r"complian|recall|certified|guarantee", text)


@pytest.mark.parametrize("shown", ways_of_all_pages())
def test_nothing_is_loaded_from_elsewhere(shown):
    """Pages have no script, no inline style and no link to another origin."""
    read = Reader(shown)
    assert {"script", "iframe", "object", "embed", "style", "base"}.isdisjoint(read.tags)
    for name, value in read.attributes:
        assert not name.startswith("on")
        assert name != "style"
        if name in ("href", "src", "action"):
            assert re.match(r"[/#]|data:image/svg\+xml,", value)
            assert not value.startswith("//")


def test_every_hostile_text_is_inert():
    """A decision whose every text is markup adds no element and no attribute."""
    signer = Signer(name=HOSTILE, role=HOSTILE, key_id=HOSTILE)
    tied = Provenance(
        decision_sha256=HOSTILE,
        checks=provenance().checks,
        signers=(signer,),
        log_origin=HOSTILE,
        log_index=3,
        statements=(HOSTILE,),
    )
    read = Reader(page(hostile_decision(), provenance=tied))
    assert "script" not in read.tags
    assert "img" not in read.tags
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    assert "<script>" in read.text  # shown as the text it is
    assert "49" not in re.findall(r"\b49\b", read.text)  # and no template ran in it


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_text_changes_the_structure_of_a_page(text):
    """Whatever a case says, the page has the same elements as for plain words."""

    def elements(words: str) -> list[str]:
        first = decision().requirements[0]
        made = decision(
            cost_of_withholding=words + "x",
            requirements=(replace(first, id=words + "x", text=words, reason=words + "x"),),
        )
        return Reader(page(made)).tags

    assert elements(text) == elements("plain")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_the_command_survives_any_purpose(purpose):
    """The command on the request page is one shell line that carries the purpose unharmed."""
    shown = request_page(decision(), purpose=purpose, origin=ORIGIN)
    code = html.unescape(re.findall(r"<code>(openweir access.*?)</code>", shown, re.DOTALL)[0])
    words = shlex.split(code)
    assert words[:6] == ["openweir", "access", "request", decision().name, "--hub", ORIGIN]
    assert words[6] == "--purpose"
    if purpose.strip():
        assert words[7:] == [" ".join(purpose.split())]


def test_what_is_missing_has_numbers_and_an_alternative():
    """Each higher tier shows its sets with target numbers and another way meanwhile (law 4)."""
    text = Reader(page(decision())).text
    assert "Open weights 2 requirements stand in the way" in text
    assert "upper bound at most 0.05, by a third party with white-box access" in text
    assert "Meanwhile give vetted researchers white-box access" in text
    assert "There are more ways than are listed here" in text


def test_a_requirement_opens_to_its_proof():
    """Rule id, quoted source, asked and found numbers and evidence digest are on the page."""
    text = Reader(page(decision())).text
    assert "PE2-cyber@gated-weights" in text
    assert "Weights that leave are tested after tampering" in text
    assert "upper bound at most 0.05 found 0.000000 to 0.012221, 0 of 300" in text
    assert "be" * 32 in text
    assert "undetermined missing: nothing is stated or shown" in text


def test_the_proofs_name_signers_log_and_commands():
    """Who signed in which role, where in the log, and how to check it oneself."""
    text = Reader(page(decision())).text
    assert "Ada Velm, developer" in text
    assert "Ben Orrin, reviewer" in text
    assert "entry 41 of openweir.example/log" in text
    assert f"openweir verify {ORIGIN}/velmar/glass-small" in text
    commit = "c" * 40
    assert f"HF_ENDPOINT={ORIGIN} hf download velmar/glass-small --revision {commit}" in text


def test_dates_cost_and_counts_are_shown():
    """Validity, review day, cost of withholding and access counts stand on the page."""
    text = Reader(page(decision())).text
    assert "Valid until 20 March 2027" in text
    assert "Review by 19 May 2027" in text
    assert "Small laboratories lose a local model" in text
    assert "asked 17 granted 12 declined 2" in text


def test_an_expired_decision_offers_no_download():
    """Past its last day the page says so first and names no download command."""
    text = Reader(page(decision(), state="expired")).text
    assert "This decision has expired" in text
    assert "hf download" not in text


def test_hosted_tiers_offer_no_files():
    """Below gated weights the page names no download command and no request."""
    text = Reader(page(decision(Tier.PUBLIC_HOSTED))).text
    assert "hf download" not in text
    assert "Request access" not in text


def test_a_page_is_a_pure_function():
    """The same values give the same bytes."""
    assert page(decision()) == page(decision())


def test_an_empty_register_names_the_next_step():
    """A hub without public releases says how one gets there."""
    assert f"openweir publish CASE --hub {ORIGIN}" in register_page((), origin=ORIGIN)


def test_the_style_sheet_is_named_by_its_digest():
    """The sheet may be cached for ever, for its name changes with its bytes."""
    assert re.fullmatch(r"/openweir/page-[0-9a-f]{16}\.css", style_path())
    assert b"url(" not in style()
    assert b"@import" not in style()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme):
    """Every text colour has a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    sheet = style().decode()
    blocks = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    colours: dict[str, str] = {}
    for block in blocks[: 1 if scheme == "light" else 2]:
        colours |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for text in ("ink", "soft", "water", "good", "bad", "unsure"):
        for ground in ("paper", "card", "sunk"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["on-water"], colours["water"]) >= 4.5
    assert contrast(colours["water"], colours["water-pale"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two colours."""

    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_days_read_the_same_in_every_locale():
    """A day is written in English words without asking the locale."""
    assert day(date(2026, 11, 20)) == "20 November 2026"


def test_what_was_refuted_is_not_offered_first():
    """A set that needs another model comes after one that needs only another test (law 4)."""
    lack = decision().whynot[0]
    dead = replace(lack.sets[1][0], reason="refuted: not below the limit", label="be smaller")
    made = decision(whynot=(replace(lack, sets=((dead,), lack.sets[0])),))
    text = Reader(page(made)).text
    assert "All of these 2, and it is reached" in text
    assert text.index("bio.uplift stays low after") < text.index("be smaller")


def test_a_higher_tier_tells_only_what_is_new():
    """What the tier below lacks already is said once."""
    first, second = decision().whynot
    longer = replace(second, sets=((*first.sets[0], *second.sets[0]),))
    made = decision(whynot=(replace(first, sets=first.sets[:1]), longer))
    text = Reader(page(made)).text
    assert "All that is missing for open weights, and this:" in text
    assert text.count("asked bio.uplift stays low after a resourced attack (A5)") == 1


def test_a_gated_component_of_an_open_release_has_its_gate():
    """Where one component takes a grant, the page says how to ask for it."""
    whole = decision(Tier.OPEN_WEIGHTS)
    first, *rest = whole.components
    held = decision(Tier.OPEN_WEIGHTS, components=(replace(first, tier=Tier.GATED_WEIGHTS), *rest))
    assert "Request access" in Reader(page(held)).text
    assert "Request access" not in Reader(page(whole)).text
    assert "Say what for" in request_page(held, purpose="", origin=ORIGIN)
