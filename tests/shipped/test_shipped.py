"""What hosts receive runs where nothing is installed: the oldest Python at hand, no packages, no environment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from freqops.core.deploy import zipapp
from tests.shipped.bare import ROOT, Bare
from tests.unit.fakes import make_bot
from tests.unit.patience import PATIENCE

BOT = "freqops-test-none"


def test_the_interpreter_is_bare(bare: Bare) -> None:
    for package in ("yaml", "ansible", "pip", "freqops"):
        ran = subprocess.run(
            [str(bare.python), "-I", "-c", f"import {package}"], capture_output=True, check=False, timeout=30
        )
        assert ran.returncode == 1, package


def test_help(bare: Bare) -> None:
    ran = bare.host("--help")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "start, halt, resume" in ran.stdout.lower()


def test_status_of_a_host_without_bots(bare: Bare, tmp_path: Path) -> None:
    """What else runs on this machine may be undeclared, and it has no timers of ours; there is no other problem."""
    ran = bare.host("status", "--json", root=tmp_path)
    answer = json.loads(ran.stdout)
    assert (answer["bots"], ran.stderr) == ([], "")
    assert ran.returncode == (2 if answer["undeclared"] or answer["host_problems"] else 0)
    assert all("freqops-" in text or "systemd" in text for text in answer["host_problems"])
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_one_json_object(bare: Bare, tmp_path: Path) -> None:
    ran = bare.host("halt", "--level", "two", "--reason", "why", root=tmp_path)
    assert ran.returncode == 1
    assert "allowed: 1" in json.loads(ran.stdout)["refused"]
    ran = bare.host("halt", "--level", "1", "--reason", "why", root=tmp_path)
    assert ran.returncode == 1
    assert "no bots below" in json.loads(ran.stdout)["refused"]


@pytest.mark.parametrize("level", ["1", "3"])
def test_a_halt_of_a_bot_that_does_not_run(bare: Bare, tmp_path: Path, level: str) -> None:
    home = make_bot(tmp_path, BOT)
    ran = bare.host("halt", "--level", level, "--reason", "drill", "--bots", BOT, "--json", root=tmp_path)
    answer = json.loads(ran.stdout)
    row = answer["bots"][0]
    assert (row["verdict"], row["proven"], row["state"]) == ("HALTED, PROVEN", True, "no process"), ran
    assert (ran.returncode, answer["exit"]) == (0, 0)
    assert json.loads((home / "conf" / "state.json").read_text()) == {"initial_state": "paused"}
    held = json.loads((home / "conf" / "holds.json").read_text())["holds"]
    assert [(each["holder"], each["level"], each["reason"]) for each in held] == [("halt", int(level), "drill")]
    assert len(list((tmp_path / "incidents").glob(f"*/*-halt{level}-*.json"))) == 1
    journal = next((tmp_path / "incidents").glob(f"*/*-{BOT}-halt-*.jsonl")).read_text().splitlines()
    assert [json.loads(line)["what"] for line in journal] == ["before", "after"]


@pytest.mark.parametrize("command", ["flatten", "reconcile"])
def test_nothing_is_sold_or_compared_for_a_paper_bot(bare: Bare, tmp_path: Path, command: str) -> None:
    make_bot(tmp_path, BOT)
    ran = bare.host(command, BOT, "--incident", "one", "--reason", "drill", root=tmp_path)
    assert ran.returncode == 1
    assert "trades on paper" in json.loads(ran.stdout)["refused"]
    assert not (tmp_path / "incidents").exists()


def test_a_held_bot_is_not_started_and_its_hold_is_shown(bare: Bare, tmp_path: Path) -> None:
    make_bot(tmp_path, BOT)
    bare.host("halt", "--level", "3", "--reason", "drill", "--incident", "one", root=tmp_path)
    ran = bare.host("start", BOT, root=tmp_path)
    assert (ran.returncode, json.loads(ran.stdout)["outcome"]) == (1, "held")
    ran = bare.host("resume", BOT, "--incident", "two", "--reason", "done", root=tmp_path)
    assert ran.returncode == 1
    assert "one (halt, level 3)" in json.loads(ran.stdout)["refused"]
    assert bare.host("reassert", root=tmp_path).returncode == 0
    assert (tmp_path / "run" / "reassert.stamp").exists()


def test_the_oldest_python_reads_the_time_as_freqtrade_writes_it(bare: Bare) -> None:
    """Its JSON ends a moment with Z, which ``fromisoformat`` knows from Python 3.11 on: Ubuntu 22.04 has 3.10."""
    code = (
        f"import sys; sys.path.insert(0, {str(bare.tool)!r}); from freqops.core.bot.client import _moment; "
        "print(_moment('2026-11-21T08:05:31.944904Z').isoformat())"
    )
    ran = subprocess.run([str(bare.python), "-I", "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert ran.stdout.strip() == "2026-11-21T08:05:31.944904+00:00", ran.stderr


def test_the_gate_waits_where_there_are_no_holds_to_read(bare: Bare) -> None:
    """Its paths are fixed, and on this machine they do not exist: that counts as level 3."""
    assert not Path("/freqops/conf").exists()
    waiting = subprocess.Popen(
        [str(bare.python), "-I", str(bare.tool), "gate", "--", "touch", str(bare.home / "traded")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert waiting.stdout is not None
    assert "Freqtrade is not started: its holds cannot be read" in waiting.stdout.readline()
    waiting.terminate()
    assert waiting.wait(PATIENCE) == 0
    waiting.stdout.close()
    assert not (bare.home / "traded").exists()


def test_the_probe_says_why_it_is_not_healthy(bare: Bare) -> None:
    ran = bare.host("probe")
    assert ran.returncode == 1
    assert "secrets.json" in ran.stdout


def test_a_module_runs_on_the_bare_interpreter(bare: Bare) -> None:
    """The way itself, with Ansible's own ping; each module of library/ takes it too."""
    ping = "ansible.builtin.ping"
    here, usual = bare.run_modules([(ping, {"data": "here"}), (ping, {})])
    facts = {key: value for key, value in usual.items() if key == "ansible_facts"}
    assert here == {"failed": False, "changed": False, "ping": "here", **facts}


def test_the_command_of_operators_is_of_the_same_code(bare: Bare, tmp_path: Path) -> None:
    tool = tmp_path / "freqops-operator"
    tool.write_bytes(zipapp.build(ROOT / "src" / "freqops", "freqops-operator"))
    asked = [str(bare.python), "-I", str(tool)]
    ran = subprocess.run([*asked, "--help"], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, "{halt,status,incident,incidents,breaker}" in ran.stdout) == (0, True)
    ran = subprocess.run([*asked, "start", "alpha"], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, "refused" in ran.stdout) == (1, True)
