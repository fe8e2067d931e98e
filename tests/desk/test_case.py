"""The case folder: declared facts are read exactly, faults are named, writes are whole."""

from decimal import Decimal

import pytest

from openweir.desk.case import CaseFolder, write_atomically
from openweir.dossier import Certainty, Estimate
from openweir.errors import CanonicalError, CaseError, OpenweirError, UsageError
from openweir.tier import Tier

CASE = """
[release]
name = "acme/tiny"
model = "../tiny"
contact = "release@acme.example"
hold = "open-weights"

[hold]
"Training code" = "sealed"

[[fact]]
predicate = "training-compute"
value = 1e25
unit = "FLOP"

[[fact]]
predicate = "parameters"
value = { lower = 7e9, upper = 8_000_000_000 }
unit = "parameter"
certainty = "verified"
source = { kind = "publication", ref = "Model card", locator = "table 1" }

[[component]]
name = "Datasets"
present = "yes"
licence = "ODC-By-1.0"
"""


def _case(folder, text):
    (folder / "case.toml").write_text(text, encoding="utf-8")
    return CaseFolder.open(folder)


def test_declaration(tmp_path):
    """1e25 is the number 1e25, holds are tiers, contact becomes a declared fact."""
    declaration = _case(tmp_path, CASE).declaration()
    facts = {fact.predicate: fact for fact in declaration.facts}
    assert declaration.name == "acme/tiny"
    assert declaration.model == (tmp_path.parent / "tiny").resolve()
    assert declaration.hold is Tier.OPEN_WEIGHTS
    assert declaration.component_holds == (("Training code", Tier.SEALED),)
    assert facts["training-compute"].value == Estimate(lower=Decimal("1e25"), upper=Decimal("1e25"))
    assert facts["parameters"].value == Estimate(lower=Decimal("7e9"), upper=Decimal("8e9"))
    assert facts["parameters"].certainty is Certainty.VERIFIED
    assert facts["contact"].value == "release@acme.example"
    assert declaration.components[0].licence == "ODC-By-1.0"


@pytest.mark.parametrize(
    ("change", "error", "fault"),
    [
        (("[release]", "[release"), CaseError, "not valid TOML"),
        (('name = "acme/tiny"', ""), CanonicalError, r"case\.toml\.release\.name: missing"),
        (('"open-weights"', '"open"'), UsageError, "`open` is not a tier"),
        (("1e25", "nan"), OpenweirError, "finite|decimal"),
        (('unit = "FLOP"', ""), CaseError, "is a number without a unit"),
        (('"verified"', '"sure"'), OpenweirError, "`sure` is not a certainty"),
        (('present = "yes"', 'present = "maybe"'), CaseError, "`maybe` is not yes, no or unknown"),
    ],
)
def test_faults_are_named(tmp_path, change, error, fault):
    """Each fault gives one error that names the file and the key."""
    case = _case(tmp_path, CASE.replace(*change))
    with pytest.raises(error, match=fault):
        case.declaration()


def test_not_a_case(tmp_path):
    """The error's next step is the command that starts a case."""
    with pytest.raises(CaseError, match=r"has no case\.toml .*openweir init"):
        CaseFolder.open(tmp_path)


def test_missing_file_names_its_command(tmp_path):
    """A file that a later verb needs is asked for by the verb that makes it."""
    with pytest.raises(CaseError, match="run `openweir inspect"):
        _case(tmp_path, CASE).read("dossier.json", made_by="inspect")


def test_write_is_whole(tmp_path):
    """A file is replaced in one step and leaves no other file behind."""
    write_atomically(tmp_path / "deep" / "file", b"one")
    write_atomically(tmp_path / "deep" / "file", b"two")
    assert [path.read_bytes() for path in (tmp_path / "deep").iterdir()] == [b"two"]


def test_unwritable(tmp_path):
    """A folder that is a file cannot be written into: an error, not a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CaseError, match="cannot write"):
        write_atomically(tmp_path / "file" / "x", b"")
