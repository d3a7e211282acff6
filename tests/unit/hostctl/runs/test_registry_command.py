"""``freqops-host registry``: a look changes nothing, a preparation says what it did, and errors have their cures."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.runs import registry
from freqops.hostctl import cli
from tests.unit.core.runs import old_registry


class Command:
    """Runs the command on a tree, and gives its exit status and output."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.path, self._capsys = root, registry.place(root), capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        status = cli.main(["registry", *arguments], self.root)
        said = self._capsys.readouterr()
        return status, said.out, said.err

    def json(self, *arguments: str) -> dict[str, Any]:
        status, out, _ = self("--json", *arguments)
        assert status == 0
        found: dict[str, Any] = json.loads(out)
        return found


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capsys)


def test_a_missing_registry_is_no_empty_one(command: Command) -> None:
    status, _, error = command()
    assert status == 2
    assert "is missing; 'freqops-host registry --prepare' makes it" in error
    assert not command.path.parent.exists(), "a look makes nothing"


def test_it_is_made_once_and_foretold(command: Command) -> None:
    assert command.json("--look")["changed"] is True
    assert not command.path.exists()
    assert command.json("--prepare")["changed"] is True
    assert (command.json("--look")["changed"], command.json("--prepare")["changed"]) == (False, False)
    answer = command.json()
    assert (answer["schema"], answer["integrity"], answer["kept"]) == (3, "ok", [])
    assert set(answer["rows"].values()) == {0}
    assert command.path.stat().st_uid == os.geteuid()


def test_an_old_file_is_migrated_and_what_was_kept_is_named(command: Command) -> None:
    odd = {"metrics": [{"run_id": "nobody", "key": "x", "value": 1.0}]}
    old_registry.write(command.path, old_registry.backtests(), odd)
    status, _, error = command()
    assert (status, "version 0, not 3" in error) == (2, True)
    assert command.json("--look")["changed"] is True
    answer = command.json("--prepare")
    assert Path(answer["backup"]).exists()
    assert answer["rows"]["runs"] == 5
    status, out, _ = command()
    assert status == 0
    assert "kept as they were: 1 rows of metrics: FOREIGN KEY constraint failed" in out
    assert "kept as they were: 5 rows of runs: its status was 'completed'" in out


def test_a_damaged_one_is_neither_shown_nor_replaced(command: Command) -> None:
    command("--prepare")
    command.path.write_bytes(b"no database" * 1000)
    for arguments in ((), ("--prepare",), ("--look",)):
        status, out, error = command(*arguments)
        assert status == 2, arguments
        assert "rows" not in out
        assert "put a backup in its place" in error
    assert command.path.read_bytes() == b"no database" * 1000


def test_to_look_and_to_prepare_are_not_done_at_once(command: Command) -> None:
    assert command("--look", "--prepare")[0] == 1
    assert not command.path.exists()
