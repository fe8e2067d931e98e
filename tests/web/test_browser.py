"""What a real browser makes of the pages: visible, inert, and as wide as the screen."""

import re

import pytest

from openweir.hub.access.form import Field
from openweir.hub.access.rules import GateRules
from openweir.hub.access.statistics import gate_statistics
from openweir.hub.grants import Statistics
from openweir.tier import Tier
from openweir.web import Row, gate_page, register_page, release_page, request_page
from openweir.web.pages import HEADERS, style, style_path
from web.a_decision import decision, hostile_decision, provenance
from web.chromium import dump, need_chromium, serving

pytestmark = pytest.mark.browser

HOSTILE_RULES = GateRules(
    criteria="<script>document.title = 'run'</script> " + "long" * 400,
    data="stated",
    fields=(
        Field(name="<img src=x onerror=alert(1)>", type="text"),
        Field(name="W" * 600, type="select", options=("<b>", "W" * 200)),
    ),
    prompt="</pre><script>document.title = 'run'</script>" + "W" * 3000,
    purposes=("DUO:0000042",),
)
NUMBERS = gate_statistics(())
WIDTHS = (360, 768, 1440)
# The frame stands in for a phone: headless windows cannot be made as narrow as one.
FRAMES = """<!doctype html><body>{frames}<script>
addEventListener('load', () => {{ for (const frame of document.querySelectorAll('iframe')) {{
  const page = frame.contentDocument.documentElement;
  for (const fold of page.querySelectorAll('details')) fold.open = true;
  frame.title = page.scrollWidth + ' of ' + page.clientWidth + ' for ' + frame.width;
}} }});</script>"""


@pytest.fixture(scope="module")
def address():
    """Serve the pages with their real headers, and without them for the frames."""
    need_chromium()
    origin = "http://127.0.0.1"
    values = {
        "state": "released",
        "commit": "c" * 40,
        "provenance": provenance(),
        "statistics": Statistics(asked=17, pending=3, accepted=12, rejected=2),
        "origin": origin,
    }
    made = decision()
    found = {
        "/gated": release_page(made, **values),
        "/hostile": release_page(hostile_decision(), **values),
        "/request": request_page(made, purpose="<b>bold</b>", origin=origin),
        "/gate": gate_page(
            made.name, gated=True, rules=HOSTILE_RULES, statistics=NUMBERS, origin=origin
        ),
        "/register": register_page(
            (Row(name="velmar/" + "glass" * 18, tier=Tier.OPEN_WEIGHTS, valid_until=made.as_of),),
            origin=origin,
        ),
    }
    served = {style_path(): ("text/css", style(), {})}
    for path, body in found.items():
        served[path] = ("text/html; charset=utf-8", body.encode(), HEADERS)
        served["/bare" + path] = ("text/html; charset=utf-8", body.encode(), {})
    frames = "".join(
        f'<iframe src="/bare{path}" width="{width}" height="900" style="border:0"></iframe>'
        for path in found
        for width in WIDTHS
    )
    served["/frames"] = ("text/html", FRAMES.format(frames=frames).encode(), {})
    with serving(served) as url:
        yield url


def test_the_tier_is_on_the_page(address):
    """A reader sees the tier, and the browser has nothing to complain about."""
    dom, console = dump(f"{address}/gated")
    assert "Gated weights" in dom
    assert 'aria-current="step"' in dom
    assert console == []


@pytest.mark.parametrize("path", ["/hostile", "/request", "/gate"])
def test_hostile_text_does_nothing(address, path):
    """Markup in a case or a purpose makes no element, runs nothing and breaks no rule."""
    dom, console = dump(f"{address}{path}")
    assert "<title>owned" not in dom
    assert not re.search(r"<(script|img|b)[ >]", dom)
    assert console == []


def test_no_page_scrolls_sideways(address):
    """From a phone to a desk screen, with every fold open, each page fits its width."""
    dom, _ = dump(f"{address}/frames")
    measured = re.findall(r'title="(\d+) of (\d+) for (\d+)"', dom)
    assert len(measured) == 5 * len(WIDTHS)
    assert [found for found in measured if int(found[0]) > int(found[1])] == []
