"""Controls come from the user's cache when it holds them, and never on its word."""

import os
import shutil

import pytest

pytest.importorskip("torch", reason="needs the extra `trial`")
pytestmark = pytest.mark.trial


@pytest.fixture
def control(tmp_path, monkeypatch):
    """A control that is raised in a moment, and an empty cache."""
    from openweir.desk.trial.organism import organism_named
    from trial_organisms import briefly

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return briefly(organism_named("refusal", "control", 0))


def put(control, place) -> dict[str, bytes]:
    """Put a control somewhere and return its files, with whether it had to be raised."""
    from unittest.mock import patch

    from openweir.desk.trial import controls

    with patch.object(controls, "raise_one", wraps=controls.raise_one) as raising:
        controls.put_control(control, place)
    files = {path.name: path.read_bytes() for path in place.iterdir()}
    return {**files, "raised": str(raising.called).encode()}


def kept(tmp_path):
    """Return the only file in the cache."""
    (path,) = (tmp_path / "cache" / "openweir" / "organisms").iterdir()
    return path


def test_the_second_campaign_gets_the_bytes_of_the_first(control, tmp_path):
    """Raised once, and every file is the same; no bar is left standing."""
    from openweir.desk.trial.controls import put_control
    from openweir.desk.trial.organism import steps_to_raise

    first, second = put(control, tmp_path / "a"), put(control, tmp_path / "b")
    assert (first.pop("raised"), second.pop("raised")) == (b"True", b"False")
    assert first == second
    steps: list[int] = []
    put_control(control, tmp_path / "c", steps.append)
    assert sum(steps) == steps_to_raise(control)


@pytest.mark.parametrize("harm", ["bit", "cut", "empty", "link", "pipe", "folder"])
def test_what_is_not_the_bytes_of_its_name_is_raised_again(control, tmp_path, harm):
    """One bit, a link, a pipe that nobody writes to: none of it is read as weights."""
    first = put(control, tmp_path / "a")
    path = kept(tmp_path)
    data = path.read_bytes()
    path.unlink()
    if harm == "bit":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif harm == "cut":
        path.write_bytes(data[:-1])
    elif harm == "empty":
        path.touch()
    elif harm == "link":
        (tmp_path / "elsewhere").write_bytes(data)
        path.symlink_to(tmp_path / "elsewhere")
    elif harm == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert put(control, tmp_path / "b") == first


def test_another_organism_has_another_name(control, tmp_path):
    """Seed, size and variant are part of what a file is called."""
    from dataclasses import replace

    put(control, tmp_path / "a")
    other = put(replace(control, seed=1), tmp_path / "b")
    assert other["raised"] == b"True"


@pytest.mark.parametrize("harm", ["file", "relative", "removed"])
def test_a_cache_that_is_none_is_no_error(control, tmp_path, monkeypatch, harm):
    """Where it cannot be written the control is raised, and that is all."""
    monkeypatch.setenv("HOME", str(tmp_path / "cache"))
    if harm == "file":
        (tmp_path / "cache").touch()
    elif harm == "relative":
        monkeypatch.setenv("XDG_CACHE_HOME", "cache")
        (tmp_path / "cache").touch()
    else:
        put(control, tmp_path / "b")
        shutil.rmtree(tmp_path / "cache")
    assert put(control, tmp_path / "a")["raised"] == b"True"
