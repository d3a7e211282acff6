"""``freqops-host`` is the same file from the same sources, and runs on the oldest Python that a host has."""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from freqops.core.deploy import zipapp
from tests.interpreters import oldest_python

SOURCE = Path(__file__).parents[4] / "src" / "freqops"


def test_equal_sources_give_equal_bytes(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "freqops"
    shutil.copytree(SOURCE, copy)
    for path in copy.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(stat.S_IRWXU)
    (copy / "core" / "notes.txt").write_text("not code")
    (copy / "core" / "__pycache__").mkdir(exist_ok=True)
    (copy / "core" / "__pycache__" / "x.pyc").write_text("")
    first = zipapp.build(SOURCE)
    assert zipapp.build(SOURCE) == first
    assert zipapp.build(copy) == first


def test_a_changed_source_gives_other_bytes(tmp_path: Path) -> None:
    copy = tmp_path / "freqops"
    shutil.copytree(SOURCE, copy)
    (copy / "core" / "clock.py").write_text("# other\n")
    assert zipapp.build(copy) != zipapp.build(SOURCE)


def test_it_runs_on_the_oldest_python(tmp_path: Path) -> None:
    tool = tmp_path / "freqops-host"
    tool.write_bytes(zipapp.build(SOURCE))
    python = oldest_python()
    ran = subprocess.run(
        [python, "-I", "-W", "error", str(tool), "--help"], capture_output=True, text=True, check=False, timeout=30
    )
    assert ran.returncode == 0, ran.stderr
    assert "Start, halt, resume and watch the bots" in ran.stdout


def test_what_runs_in_the_bots_image_is_in_it_too(tmp_path: Path) -> None:
    """The same file is mounted there, and PYTHONPATH leads to it."""
    tool = tmp_path / "freqops-host"
    tool.write_bytes(zipapp.build(SOURCE))
    with zipfile.ZipFile(tool) as archive:
        names = set(archive.namelist())
    for package in zipapp.IN_IMAGE:
        modules = {f"freqops/{package}/{path.name}" for path in (SOURCE / package).glob("*.py")}
        assert modules
        assert modules <= names
    ran = subprocess.run(
        [sys.executable, "-c", "import freqops.witness; print(freqops.witness.__file__)"],
        capture_output=True, text=True, check=False, timeout=30, env={"PYTHONPATH": str(tool)},
    )  # fmt: skip
    assert ran.stdout.strip() == f"{tool}/freqops/witness/__init__.py", ran.stderr


def test_the_gate_of_strategies_is_in_it(tmp_path: Path) -> None:
    """What recovers a bot's records loads its strategy, beside the witness and not from the release."""
    tool = tmp_path / "freqops-host"
    tool.write_bytes(zipapp.build(SOURCE))
    code = "import freqops.witness, freqops.strategy; print(freqops.strategy.EntryGate.__module__)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30,
        env={"PYTHONPATH": str(tool)},
    )  # fmt: skip
    assert ran.stdout.strip() == "freqops.strategy.entry_gate", ran.stderr


def test_nothing_else_is_in_it() -> None:
    with zipfile.ZipFile(io.BytesIO(zipapp.build(SOURCE))) as archive:
        packages = {name.split("/")[1] for name in archive.namelist() if name.count("/") > 1}
    assert packages == {*zipapp.PACKAGES, *zipapp.IN_IMAGE}


def test_the_host_command_imports_nothing_that_only_an_image_has() -> None:
    for package in zipapp.PACKAGES:
        for path in (SOURCE / package).glob("*.py"):
            assert "freqops.witness import" not in path.read_text(), path


@pytest.mark.parametrize("package", zipapp.PACKAGES)
def test_every_shipped_module_compiles_and_imports_on_the_oldest_python(tmp_path: Path, package: str) -> None:
    tool = tmp_path / "freqops-host"
    tool.write_bytes(zipapp.build(SOURCE))
    names = [f"freqops.{package}.{path.stem}" for path in sorted((SOURCE / package).glob("*.py"))]
    names = [re.sub(r"\.__init__$", "", name) for name in names]
    code = f"import sys; sys.path.insert(0, {str(tool)!r}); import " + ", ".join(names)
    ran = subprocess.run([oldest_python(), "-I", "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert ran.returncode == 0, ran.stderr
