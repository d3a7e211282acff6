"""freqops_zipapp: equal sources, equal bytes, and what it builds runs."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from library import freqops_zipapp
from tests.unit.library.conftest import ROOT, Run


@pytest.fixture
def arguments(tmp_path: Path) -> dict[str, Any]:
    return {"source": str(ROOT / "src" / "freqops"), "path": str(tmp_path / "cache" / "freqops-host")}


def test_builds_once_and_what_it_built_runs(run: Run, arguments: dict[str, Any]) -> None:
    first = run(freqops_zipapp, **arguments)
    built = Path(arguments["path"])
    second = run(freqops_zipapp, **arguments)
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["checksum"] == second["checksum"] == hashlib.sha256(built.read_bytes()).hexdigest()
    assert built.stat().st_mode & 0o7777 == 0o755
    asked = subprocess.run([sys.executable, str(built), "--help"], capture_output=True, text=True, check=True)
    assert "freqops-host" in asked.stdout


def test_a_changed_file_is_replaced(run: Run, arguments: dict[str, Any]) -> None:
    checksum = run(freqops_zipapp, **arguments)["checksum"]
    Path(arguments["path"]).write_bytes(b"something else")
    assert run(freqops_zipapp, **arguments)["changed"] is True
    assert hashlib.sha256(Path(arguments["path"]).read_bytes()).hexdigest() == checksum


def test_check_predicts_and_writes_nothing(run: Run, arguments: dict[str, Any]) -> None:
    assert run(freqops_zipapp, check=True, **arguments)["changed"] is True
    assert not Path(arguments["path"]).parent.exists()


def test_a_copy_of_the_sources_gives_the_same_bytes(run: Run, arguments: dict[str, Any], tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    copied = shutil.copytree(ROOT / "src" / "freqops", tmp_path / "copy" / "freqops", ignore=ignored)
    for path in copied.rglob("*.py"):
        path.touch()
    original = run(freqops_zipapp, **arguments)
    again = run(freqops_zipapp, source=str(copied), path=arguments["path"])
    assert again["changed"] is False
    assert again["checksum"] == original["checksum"]


def test_refuses_a_directory_that_is_not_the_package(run: Run, arguments: dict[str, Any], tmp_path: Path) -> None:
    answer = run(freqops_zipapp, source=str(tmp_path), path=arguments["path"])
    assert answer["failed"] is True
    assert "is not the package freqops" in answer["msg"]
