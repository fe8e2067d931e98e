"""What is left out of the fleet is there: a test that was renamed is no longer left out unseen."""

import importlib.util
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_SPEC = importlib.util.spec_from_file_location("hub_conftest", HERE / "conftest.py")
assert _SPEC is not None
assert _SPEC.loader is not None
_CONFTEST = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_CONFTEST)


@pytest.mark.parametrize(("known", "reason"), sorted(_CONFTEST._ALONE.items()))
def test_what_is_left_out_exists_and_has_a_reason(known: str, reason: str) -> None:
    """Each names a test of this folder; the same test runs in the two other sizes."""
    path, *names = known.partition("[")[0].split("::")
    source = (HERE / path).read_text(encoding="utf-8")
    for name in names:
        assert re.search(rf"^\s*(?:class|def) {name}\b", source, re.MULTILINE), known
    assert len(reason.split()) > 4
