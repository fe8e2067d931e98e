"""Inspecting a case or a bare model folder."""

import pytest

from model_folder import small
from openweir.desk.init import init
from openweir.desk.inspect import bytes_to_read, inspect
from openweir.dossier import Dossier
from openweir.errors import CaseError, OpenweirError


def test_a_case_gets_its_dossier(tmp_path):
    """dossier.json holds what was returned; a second run writes the same bytes."""
    small(tmp_path / "m")
    init(tmp_path / "m", tmp_path / "c", name="acme/m", contact="a@b.example")
    seen: list[int] = []
    found = inspect(tmp_path / "c", seen.append)
    assert found.case == tmp_path / "c"
    data = (tmp_path / "c" / "dossier.json").read_bytes()
    assert Dossier.from_bytes(data) == found.dossier
    assert found.dossier.name == "acme/m"
    assert sum(seen) == bytes_to_read(tmp_path / "c")
    inspect(tmp_path / "c")
    assert (tmp_path / "c" / "dossier.json").read_bytes() == data


def test_a_bare_model_folder_is_shown_and_left_alone(tmp_path):
    """Without a case nothing is written anywhere."""
    small(tmp_path / "my model")
    before = sorted(tmp_path.rglob("*"))
    found = inspect(tmp_path / "my model")
    assert (found.case, found.dossier.name) == (None, "local/my-model")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_case_without_a_model_folder_has_declared_facts_only(tmp_path):
    """A release whose files are not at hand can still be a case."""
    (tmp_path / "case.toml").write_text(
        '[release]\nname = "acme/big"\n\n[[fact]]\npredicate = "training-tokens"\n'
        'value = "15e12"\nunit = "token"\n'
    )
    with pytest.raises(OpenweirError, match=r"fact\[0\]") as caught:
        inspect(tmp_path)
    assert caught.value.code == "dossier.kind"
    (tmp_path / "case.toml").write_text(
        '[release]\nname = "acme/big"\n\n[[fact]]\npredicate = "training-tokens"\n'
        'value = 15e12\nunit = "token"\n'
    )
    assert [fact.predicate for fact in inspect(tmp_path).dossier.facts] == ["training-tokens"]
    assert bytes_to_read(tmp_path) == 0


NAMED = "[release]\nname = 'a/b'\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "canonical.wrong-type"),
        ("[release", "case.not-toml"),
        ('[release]\nname = "a/b"\nmodel = "gone"\n', "case.no-model"),
        ('[release]\nname = "ab"\n', "dossier.name"),
        (f"{NAMED}[[component]]\nname = 'Datasets'\npresent = 'yes'\ncertainty = 'surely'\n",
         "dossier.certainty"),
        ('[release]\nname = "a/b"\n[[fact]]\npredicate = "x"\nvalue = "y"\n', "dossier.predicate"),
        ("x = " + "[" * 3000, "case.not-toml"),
    ],
)  # fmt: skip
def test_a_malformed_case_is_one_error(tmp_path, text, code):
    """Every fault of case.toml is an error with a code, never a traceback."""
    (tmp_path / "case.toml").write_text(text)
    with pytest.raises(OpenweirError, match=r".") as caught:
        inspect(tmp_path)
    assert caught.value.code == code
    assert not (tmp_path / "dossier.json").exists()


def test_neither_case_nor_folder_is_an_error_with_a_next_step(tmp_path):
    """The hint names the command that starts a case."""
    with pytest.raises(CaseError, match="neither a case nor a model folder") as caught:
        bytes_to_read(tmp_path / "gone")
    assert "openweir init" in caught.value.hint
