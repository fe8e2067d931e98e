"""The page of a pack: everything on it, nothing of it alive."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

import policy_packs as packs
from openweir.canonical import parse, text
from openweir.decision import VOCABULARY
from openweir.desk.policy_book import write_book
from openweir.policy.argument import argument_svg, wrapped
from openweir.policy.book import book
from openweir.policy.schema import json_schema, reference_page

SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """What a reader's browser would see."""

    def __init__(self):
        """Start with nothing seen."""
        super().__init__()
        self.tags, self.said, self.places, self.links = [], [], [], []

    def handle_starttag(self, tag, attributes):
        """Note the element."""
        named = dict(attributes)
        self.tags.append(tag)
        self.places += [named["id"]] if "id" in named else []
        self.links += [named["href"]] if "href" in named else []
        assert not any(name.startswith("on") or name in ("src", "action") for name in named)

    def handle_data(self, data):
        """Note the words."""
        self.said.append(data)


def read(found=None):
    """Return the page of some files as a browser reads it."""
    files = packs.files() if found is None else found
    page = Page()
    page.feed(book(packs.policy(files), files))
    return page


def test_every_rule_quote_and_cell_is_on_the_page():
    """Nothing of the pack is left out, and each link leads to a place on the page."""
    page, policy = read(), packs.policy()
    said = " ".join(" ".join(page.said).split())
    for item in policy.requirements:
        assert item.id in page.places
        assert item.text in said
        assert item.source.quote in said
    for item in (*policy.invariants, *policy.obligations):
        assert item.id in said
    assert all(link.startswith("#") and link[1:] in page.places for link in page.links)
    assert said.count("0.05") > 10
    assert not {"script", "link", "iframe", "img", "object"} & set(page.tags)
    assert page.tags.count("mark") >= 15


def test_hostile_words_stay_words():
    """Markup in an id, a sentence, a source or a cell is shown and does nothing."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
    found = packs.files()
    source = found["sources/baseline.md"] + f"\n{evil}</pre></svg>\n".encode()
    import hashlib

    policy = found["policy.toml"].decode()
    policy = re.sub(
        'sha256 = "[0-9a-f]{64}"',
        f'sha256 = "{hashlib.sha256(source).hexdigest()}"',
        policy,
        count=1,
    )
    policy = policy.replace('issuer = "Openweir"', f"issuer = '''{evil}'''")
    policy = policy.replace('text = "The licence of the weights is known."', f"text = '''{evil}'''")
    policy = policy.replace('version = "0.1.0"', f"version = '''{evil}'''")
    policy = policy.replace('locator = "Files"', f"locator = '''{evil}'''")
    page = read({**found, "policy.toml": policy.encode(), "sources/baseline.md": source})
    assert not {"script", "img"} & set(page.tags)
    assert " ".join(page.said).count("<script>alert(1)</script>") >= 4


def boxes(drawing):
    """Return (left, top, right, bottom) of every box and circle."""
    for element in drawing.iter():
        get = lambda name, one=element: float(one.get(name))  # noqa: E731
        if element.tag == f"{SVG}rect":
            yield get("x"), get("y"), get("x") + get("width"), get("y") + get("height")
        elif element.tag == f"{SVG}circle":
            yield (
                get("cx") - get("r"),
                get("cy") - get("r"),
                get("cx") + get("r"),
                get("cy") + get("r"),
            )


def test_the_argument_is_drawn_without_overlap():
    """Well-formed SVG; a goal and a solution per requirement, inside the picture, apart."""
    policy = packs.policy()
    drawing = ET.fromstring(argument_svg(policy))
    found = list(boxes(drawing))
    assert len(found) == 2 + 2 * len(policy.requirements)
    width, height = float(drawing.get("width")), float(drawing.get("height"))
    for index, one in enumerate(found):
        assert one[0] >= 0
        assert one[1] >= 0
        assert one[2] <= width
        assert one[3] <= height
        for other in found[index + 1 :]:
            apart = (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            )
            assert apart


def test_long_words_are_cut():
    """No line is longer than its box, and what goes on says so."""
    assert wrapped("a" * 50, 10, 2) == ["a" * 9 + "…"]
    assert wrapped("one two three four five six", 9, 2) == ["one two", "three fo…"] or all(
        len(line) <= 9 for line in wrapped("one two three four five six", 9, 2)
    )


def test_the_book_is_written_whole(tmp_path):
    """The same bytes each time."""
    for name in ("a.html", "b.html"):
        write_book(packs.BASELINE, tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.browser
def test_a_browser_shows_the_book_without_a_word(tmp_path):
    """Chromium loads the page and its console stays empty."""
    from web.chromium import dump

    write_book(packs.BASELINE, tmp_path / "book.html")
    shown, console = dump((tmp_path / "book.html").as_uri())
    assert console == []
    assert "A release is no more open" in shown


def plain(value):
    """Return TOML values as JSON values."""
    from datetime import date
    from decimal import Decimal

    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def test_the_schema_takes_the_baseline_and_refuses_what_the_reader_refuses():
    """An editor's check agrees with ours on form: words, shapes, needed keys."""
    import tomllib

    jsonschema = pytest.importorskip("jsonschema")
    schema = parse(text(json_schema(VOCABULARY)))
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema)
    written = packs.files()["policy.toml"].decode()
    assert list(check.iter_errors(plain(tomllib.loads(written)))) == []
    for old, new in [
        ('issuer = "Openweir"', 'isuer = "Openweir"'),
        ('fact = "contact", known = true', 'fact = "contcat", known = true'),
        ("known = true", "known = false"),
        ('from-tier = "trusted-hosted"', 'from-tier = "trusted"'),
        ('all = [{ fact = "contact", known = true }]', "all = []"),
        ("[[alternative]]", "[[alternativ]]"),
        ('evaluation = "PE1"', 'evaluation = "PE9"'),
        ('trigger = "incident"', 'trigger = "whenever"'),
        ("signatures = 2", "signatures = 0"),
    ]:
        assert old in written
        assert list(check.iter_errors(plain(tomllib.loads(written.replace(old, new, 1))))), new


def test_the_reference_names_every_key():
    """The page is made from the same table that the reader uses."""
    from openweir.policy.form import ATOMS, SECTIONS

    page = reference_page(VOCABULARY)
    for name, form in SECTIONS.items():
        assert name in page
        assert all(f"| `{key.name}` |" in page for key in form.keys)
    for _, keys in ATOMS.values():
        assert all(f"| `{key.name}` |" in page for key in keys)
    assert all(f"`{name}`" in page for name in VOCABULARY.predicates)
