"""What is kept from one command to the next."""

from pathlib import Path

import pytest

from lab.base import state
from lab.base.atomic import write_atomically
from lab.base.failure import LabError


@pytest.fixture
def state_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / ".lab" / "state.json"
    monkeypatch.setattr(state, "STATE", path)
    return path


@pytest.mark.usefixtures("state_file")
def test_a_lab_that_was_never_up_has_an_empty_state() -> None:
    assert state.load() == state.State()


@pytest.mark.usefixtures("state_file")
def test_what_is_saved_is_loaded() -> None:
    saved = state.State(ports={"paper-1": 20001}, images={"freqtrade": "r@sha256:1"}, privileges="capabilities")
    saved.save()
    assert state.load() == saved


@pytest.mark.parametrize("text", ["{", '{"unknown": 1}', "[]"])
def test_a_state_that_is_not_ours_is_refused_with_a_way_out(state_file: Path, text: str) -> None:
    state_file.parent.mkdir()
    state_file.write_text(text, encoding="utf-8")
    with pytest.raises(LabError, match="lab down"):
        state.load()


def test_an_unchanged_file_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a" / "file"
    assert write_atomically(path, "x", mode=0o600)
    assert not write_atomically(path, "x", mode=0o600)
    assert write_atomically(path, "y", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
