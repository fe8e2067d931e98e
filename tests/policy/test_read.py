"""A pack that is off anywhere does not load, and the message says where and what next."""

import hashlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openweir.decision import VOCABULARY
from openweir.errors import PolicyError
from openweir.policy import All, Any, AtLeast, ClaimAtom, ComponentAtom, FactAtom, leaves, read, say
from openweir.tier import Tier

SOURCE = b"# Rules\n\nEvery release names a\ncontact, and danger is low.\n"
LADDER = """row,parameter,unit,trusted-hosted,public-hosted,gated-weights,open-weights,fully-open
low,limit,proportion,,,0.10,0.05,0.05
low,rung,rung,,,A2,A3,A3
who,independence,independence,self,self,third-party,third-party,third-party
who,access,access,AL1,AL1,AL2,AL3,AL3
who,shelf-life-days,day,180,180,120,90,90
"""
POLICY = """
[policy]
id = "small"
version = "1"
issuer = "Test"
language = 1
effective-from = 2026-01-01
effective-to = 2026-12-31
review-days = 90
accepted-certainty = ["read", "verified"]

[claims."bio.uplift"]
direction = "upper-is-risk"
unit = "proportion"
confidence = 0.95
text = "Uplift."

[licence-sets]
permissive = ["MIT", "Apache-2.0"]

[[document]]
id = "rules"
path = "sources/rules.md"
sha256 = "SHA"

[[definition]]
id = "tiny"
text = "very little compute"
all = [{ fact = "training-compute", below = 1e23, unit = "FLOP" }]

[[requirement]]
id = "A1"
from-tier = "trusted-hosted"
text = "A contact is named."
source = { doc = "rules", locator = "Rules", quote = "names a contact" }
all = [{ fact = "contact", known = true }]

[[requirement]]
id = "B1"
text = "Danger is low."
source = { doc = "rules", locator = "Rules", quote = "danger is low" }
any = [
  { use = "tiny" },
  { claim = "bio.uplift", at-most = { ladder = "low.limit" }, evaluation = "PE2", rung = { ladder = "low.rung" }, assurance = "who" },
]

[[requirement]]
id = "C1"
from-tier = "fully-open"
text = "Two of three."
source = { doc = "rules", locator = "Rules", quote = "danger is low" }
at-least = 2
of = [
  { component = "Training code", licence = "permissive" },
  { fact = "specialised-domain", is = ["none", "cyber"] },
  { fact = "parameters", at-most = 5, unit = "parameter" },
]

[[approval]]
from-tier = "sealed"
signatures = 1
roles = ["developer"]
light = { use = "tiny", signatures = 1, roles = ["developer"] }

[[alternative]]
for-tier = "open-weights"
text = "Host it."
"""


def load(policy=POLICY, ladder=LADDER, source=SOURCE, **files):
    """Read the small pack, changed as a test says."""
    return read(
        {
            "policy.toml": policy.replace("SHA", hashlib.sha256(source).hexdigest()).encode(),
            "ladders.csv": ladder.encode(),
            "sources/rules.md": source,
            **files,
        },
        where="small",
        vocabulary=VOCABULARY,
    )


def refusal(**change):
    """Return the error that a changed pack is refused with."""
    with pytest.raises(PolicyError) as caught:
        load(**change)
    return caught.value


def test_a_pack_becomes_requirements_with_the_numbers_of_their_tier():
    """A ladder rule is asked once per filled column; other rules once, from their tier on."""
    policy = load()
    assert [item.id for item in policy.requirements] == [
        "A1@trusted-hosted",
        "B1@gated-weights",
        "B1@open-weights",
        "B1@fully-open",
        "C1@fully-open",
    ]
    open_weights = next(item for item in policy.requirements if item.id == "B1@open-weights")
    assert isinstance(open_weights.formula, Any)
    definition, atom = open_weights.formula.children
    assert isinstance(definition, All)
    assert (definition.name, definition.text) == ("tiny", "very little compute")
    assert atom == ClaimAtom(
        claim="bio.uplift",
        sense="at-most",
        number=Decimal("0.05"),
        evaluations=("PE2",),
        rung="A3",
        independence="third-party",
        access="AL3",
        shelf_life_days=90,
        confidence=Decimal("0.95"),
    )
    assert "bio.uplift at most 0.05 by PE2 at rung A3 or harder" in say(atom)


def test_the_other_atoms_keep_their_words_and_exact_numbers():
    """Sets of words are sorted, numbers exact, licence sets spelt out."""
    formula = load().requirements[-1].formula
    assert isinstance(formula, AtLeast)
    assert formula.k == 2
    assert list(leaves(formula)) == [
        ComponentAtom(
            component="Training code", licence="permissive", licences=("MIT", "Apache-2.0")
        ),
        FactAtom(predicate="specialised-domain", test="is", words=("cyber", "none")),
        FactAtom(predicate="parameters", test="at-most", number=Decimal(5), unit="parameter"),
    ]
    assert next(leaves(load().requirements[1].formula)).number == Decimal("1e23")


def test_a_policy_knows_its_days_its_signers_and_its_alternatives():
    """Effective dates include both ends; approvals hold from their tier up."""
    policy = load()
    days = ("2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01")
    found = [policy.in_force(date.fromisoformat(day)) for day in days]
    assert found == [False, True, True, False]
    assert policy.approval(Tier.FULLY_OPEN).roles == ("developer",)
    assert policy.alternative(Tier.OPEN_WEIGHTS) == "Host it."
    assert policy.alternative(Tier.FULLY_OPEN) == ""
    assert len(policy.asked_at(Tier.GATED_WEIGHTS)) == 2


def test_the_digest_covers_every_file_of_the_pack():
    """A changed test or source is another pack."""
    digests = {
        load().sha256,
        load(**{"tests/cases.toml": b""}).sha256,
        load(ladder=LADDER.replace("0.10", "0.09")).sha256,
    }
    assert len(digests) == 3


BROKEN = [
    # (code, change of policy.toml: old -> new, words of the message)
    ("unknown-key", 'issuer = "Test"', 'isuer = "Test"', "did you mean `issuer`?"),
    ("unknown-word", 'fact = "contact"', 'fact = "contcat"', "did you mean `contact`?"),
    ("unknown-word", 'claim = "bio.uplift"', 'claim = "bio.upliftt"', "did you mean `bio.uplift`?"),
    ("unknown-word", '{ use = "tiny" },', '{ use = "tinny" },', "did you mean `tiny`?"),
    ("unknown-word", '"low.limit"', '"low.limmit"', "did you mean `low.limit`?"),
    ("unknown-word", '"trusted-hosted"', '"trusted-hostd"', "did you mean `trusted-hosted`?"),
    ("unknown-word", 'evaluation = "PE2"', 'evaluation = "PE9"', "PE9"),
    ("unknown-word", 'roles = ["developer"]\nlight', 'roles = ["develper"]\nlight', "developer"),
    ("unknown-word", 'component = "Training code"', 'component = "Training cod"', "Training code"),
    ("unknown-word", 'licence = "permissive"', 'licence = "permisive"', "permissive"),
    ("unknown-word", '["read", "verified"]', '["read", "verifed"]', "verified"),
    (
        "unknown-word",
        'doc = "rules", locator = "Rules", quote = "names',
        'doc = "rule", locator = "Rules", quote = "names',
        "rules",
    ),
    ("empty", 'all = [{ fact = "contact", known = true }]', "all = []", "asks nothing"),
    ("empty", '{ use = "tiny" },', "{ any = [] },", "asks nothing"),
    ("no-formula", 'all = [{ fact = "contact", known = true }]', "", "expected a formula"),
    ("negative", "known = true", "known = false", "only ask for what is known"),
    ("test", 'fact = "contact", known = true', 'fact = "contact"', "exactly one test"),
    ("test", "below = 1e23", "below = 1e23, above = 1", "exactly one test"),
    ("unit", 'unit = "FLOP"', 'unit = "FLOPS"', '"FLOP"'),
    (
        "unit",
        'fact = "contact", known = true',
        'fact = "contact", known = true, unit = "FLOP"',
        "no unit",
    ),
    ("missing", 'below = 1e23, unit = "FLOP"', "below = 1e23", "missing"),
    (
        "kind",
        'fact = "contact", known = true',
        'fact = "contact", below = 3, unit = "x"',
        "not a number",
    ),
    ("kind", 'is = ["none", "cyber"]', 'is = "maybe"', "flag"),
    ("number", "below = 1e23", "below = nan", "finite"),
    ("number", "below = 1e23", "below = inf", "finite"),
    ("number", "below = 1e23", "below = 1e400", "proportion"),
    ("type", "below = 1e23", 'below = "1e23"', "expected a number"),
    ("type", "at-least = 2", "at-least = 4", "from 1 to 3"),
    ("type", "at-least = 2", "at-least = 0", "from 1 to 3"),
    ("type", "at-least = 2", "at-least = true", "whole number"),
    ("type", "review-days = 90", "review-days = 365", "from 1 to 183"),
    ("type", "language = 1", "language = 2", "from 1 to 1"),
    ("type", "effective-from = 2026-01-01", 'effective-from = "2026-01-01"', "expected a day"),
    ("dates", "effective-to = 2026-12-31", "effective-to = 2025-12-31", "before"),
    ("direction", "at-most = { ladder", "at-least = { ladder", "upper-is-risk"),
    ("duplicate", 'id = "C1"', 'id = "B1"', "stands twice"),
    (
        "cycle",
        'all = [{ fact = "training-compute", below = 1e23, unit = "FLOP" }]',
        'all = [{ use = "tiny" }]',
        "uses itself",
    ),
    ("id", 'id = "A1"', 'id = "\u0410 1"', "letters, digits"),
    ("quote", 'quote = "names a contact"', 'quote = "names two contacts"', "not found"),
    ("digest", 'sha256 = "SHA"', 'sha256 = "00"', "not the one that was pinned"),
    ("missing-file", "sources/rules.md", "sources/rule.md", "not a file"),
    ("sealed", 'from-tier = "trusted-hosted"', 'from-tier = "sealed"', "always holds"),
    ("missing", 'from-tier = "trusted-hosted"\n', "", "no ladder says"),
    (
        "unused",
        "[[definition]]",
        '[[definition]]\nid = "more"\ntext = "x"\nall = [{ fact = "contact", known = true }]\n\n[[definition]]',
        "no rule uses",
    ),
    (
        "unused",
        "[licence-sets]",
        '[claims."bio.more"]\ndirection = "upper-is-risk"\nunit = "proportion"\nconfidence = 0.95\ntext = "x"\n\n[licence-sets]',
        "bio.more",
    ),
    (
        "approval",
        'from-tier = "sealed"\nsignatures',
        'from-tier = "gated-weights"\nsignatures',
        "every tier",
    ),
    (
        "type",
        'signatures = 1\nroles = ["developer"]\nlight',
        'signatures = 2\nroles = ["developer"]\nlight',
        "from 1 to 1",
    ),
    ("confidence", 'assurance = "who"', 'assurance = "who", confidence = 0.5', "below"),
    ("twice", 'assurance = "who"', 'assurance = "who", access = "AL1"', "assurance"),
    ("missing", 'assurance = "who"', 'independence = "self", access = "AL1"', "shelf life"),
    ("not-toml", "[policy]", "[policy", "TOML"),
    ("not-toml", 'issuer = "Test"', 'issuer = "Test"\nissuer = "Else"', "TOML"),
    ("unknown-key", "below = 1e23", "not = true, below = 1e23", "unknown key `not`"),
]


@pytest.mark.parametrize(("code", "old", "new", "words"), BROKEN)
def test_a_broken_pack_is_refused_with_its_place_and_the_next_step(code, old, new, words):
    """Each fault has its code, names file and line, and says what is expected."""
    assert old in POLICY
    policy = POLICY.replace(old, new, 1)
    if words == "flag":
        policy = policy.replace('fact = "specialised-domain"', 'fact = "custom-code"')
    error = refusal(policy=policy)
    assert error.code == f"policy.{code}", str(error)
    assert words in str(error)
    assert error.where.startswith("small/")


def test_the_place_names_the_line():
    """The line is that of the misspelt word, inside the section it stands in."""
    error = refusal(policy=POLICY.replace('fact = "contact"', 'fact = "contcat"'))
    line = next(i for i, text in enumerate(POLICY.split("\n"), 1) if 'fact = "contact"' in text)
    assert error.where.startswith(f"small/policy.toml:{line}: requirement.A1")


BROKEN_LADDERS = [
    ("ladder-header", "row,parameter", "row,param", "header"),
    ("ladder-row", "low,rung,rung,,,A2,A3,A3", "low,rung,rung,,,A2,A3", "7 cells"),
    ("ladder-row", "low,rung,rung,,,A2,A3,A3", "low,rung,rung,,,,,", "asks nothing"),
    ("duplicate", "low,rung,rung", "low,limit,rung", "stands twice"),
    ("unit", "low,limit,proportion", "low,limit,percent", "percent"),
    ("number", "0.10", "10 %", "not a number"),
    ("number", "0.10", "nan", "finite"),
    ("number", "0.10", "7", "not a proportion"),
    ("unknown-word", "A2,A3,A3", "A2,A3,A9", "A9"),
    ("type", "120,90,90", "120,90,x", "whole number"),
    ("type", "120,90,90", "120,90,-1", "whole number"),
    ("unused", "low,rung,rung,", "low,other,rung,,,A2,A3,A3\nlow,rung,rung,", "low.other"),
]


@pytest.mark.parametrize(("code", "old", "new", "words"), BROKEN_LADDERS)
def test_a_broken_ladder_is_refused_with_its_line(code, old, new, words):
    """A policymaker who edits the table is told the row, not a traceback."""
    assert old in LADDER
    error = refusal(ladder=LADDER.replace(old, new, 1))
    assert error.code == f"policy.{code}", str(error)
    assert words in str(error)
    assert error.where.startswith("small/")


def test_an_empty_cell_means_not_asked_at_that_tier():
    """A rule is asked where all the cells it names are filled."""
    policy = load(ladder=LADDER.replace("AL2,AL3,AL3", ",AL3,AL3"))
    assert "B1@gated-weights" not in [item.id for item in policy.requirements]


def test_an_empty_cell_under_a_definition_is_refused():
    """A definition cannot silently go missing at a tier that uses it."""
    policy = POLICY.replace(
        'all = [{ fact = "training-compute", below = 1e23, unit = "FLOP" }]',
        'all = [{ fact = "training-compute", below = { ladder = "tiny.compute" }, unit = "FLOP" }]',
    )
    error = refusal(policy=policy, ladder=LADDER + "tiny,compute,FLOP,,,1e23,1e23,\n")
    assert error.code == "policy.empty-cell"


@pytest.mark.parametrize("missing", ["policy.toml", "ladders.csv", "sources/rules.md"])
def test_a_missing_file_is_named(missing):
    """A pack without one of its files is refused by name."""
    files = {
        "policy.toml": POLICY.replace("SHA", hashlib.sha256(SOURCE).hexdigest()).encode(),
        "ladders.csv": LADDER.encode(),
        "sources/rules.md": SOURCE,
    }
    del files[missing]
    with pytest.raises(PolicyError, match=missing):
        read(files, where="small", vocabulary=VOCABULARY)


def test_a_definition_bomb_is_refused():
    """Definitions that double themselves are bounded, not expanded."""
    bomb = "".join(
        f'[[definition]]\nid = "D{i}"\ntext = "x"\nall = [{{ use = "D{i + 1}" }}, {{ use = "D{i + 1}" }}, {{ use = "D{i + 1}" }}, {{ use = "D{i + 1}" }}, {{ use = "D{i + 1}" }}]\n'
        for i in range(9)
    )
    bomb += '[[definition]]\nid = "D9"\ntext = "x"\nall = [{ use = "tiny" }]\n'
    policy = POLICY.replace("[[requirement]]", bomb + "[[requirement]]", 1)
    policy = policy.replace('{ use = "tiny" },', '{ use = "D0" },')
    assert refusal(policy=policy).code == "policy.too-large"


def _told(**change):
    """Return what a changed pack is refused with; empty when it loads."""
    try:
        load(**change)
    except PolicyError as error:
        return str(error)
    return ""


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damaged_pack_raises_anything_else(data):
    """Bytes cut out, doubled or changed: the pack loads or is refused, never a traceback."""
    text = bytearray(POLICY.replace("SHA", hashlib.sha256(SOURCE).hexdigest()).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 9))] = data.draw(
            st.binary(max_size=4)
            | st.sampled_from([b"[", b"]]", b"{", b'"', b"\n", b"=", b"1e999"])
        )
    assert "\n" not in _told(**{"policy.toml": bytes(text)})


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=',"\n\rabA1.0-x', max_size=200))
def test_no_ladder_raises_anything_else(text):
    """Any text as a ladder is refused or read, never a traceback."""
    assert "\n" not in _told(ladder=LADDER + text)
