"""What `make` alone says: every command, and every procedure with the line that describes it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.procedures import FORMER, playbooks

ROOT = Path(__file__).parents[3]
META = sorted((ROOT / "playbooks").glob("*.meta.yml"))
LISTED = re.compile(r"^  ansible-playbook playbooks/(\w+)\.yml +(.+)$", re.MULTILINE)
TASKS = ["run:", "look:", "test:", "halt:", "back:", "keep:"]


def said(checkout: Path) -> str:
    """Return what `make` says in a checkout that may have no .venv."""
    apart = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    ran = subprocess.run(["make"], cwd=checkout, env=apart, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a checkout of no more than what `make` alone reads, without a .venv."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "playbooks").mkdir()
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "scripts" / "procedures", tmp_path / "scripts")
    for path in META:
        shutil.copy(path, tmp_path / "playbooks")
    return tmp_path


def test_every_procedure_is_named_with_its_description_before_there_is_a_venv(bare: Path) -> None:
    text = said(bare)
    described = {path.name.removesuffix(".meta.yml"): yaml.safe_load(path.read_text()) for path in META}
    assert dict(LISTED.findall(text)) == {name: meta["short_description"] for name, meta in described.items()}
    assert len(LISTED.findall(text)) == len(META)
    assert not re.search(rf"playbooks/(?:{'|'.join(FORMER)})\.yml", text)
    assert {path.stem for path in playbooks()} == set(described)
    assert re.findall(r"^ (\w+:)$", text, re.MULTILINE) == TASKS, "scripts/procedures has a task for each procedure"
    assert not (bare / ".venv").exists()


def test_every_command_is_listed(bare: Path) -> None:
    described = re.findall(r"^([a-z-]+):.*## (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = re.findall(r"^  make ([a-z-]+) +(.+)$", said(bare), re.MULTILINE)
    assert listed == described
    assert {"from-compose", "add-bot", "help"} <= {name for name, _ in listed}


def test_a_procedure_without_a_task_is_named_all_the_same(bare: Path) -> None:
    (bare / "playbooks" / "newest.meta.yml").write_text("---\nshort_description: Something new\n")
    (bare / "playbooks" / "drill.meta.yml").unlink()
    text = said(bare)
    assert text.splitlines()[-2:] == [" others:", f"  {'ansible-playbook playbooks/newest.yml':<46} Something new"]
    assert "drill" not in dict(LISTED.findall(text))
