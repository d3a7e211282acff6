"""The documented example of a run under a slot, run by Ansible on this machine, to its end and killed in the middle."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from freqops.core.base import process_table
from freqops.core.base.clock import Clock
from freqops.core.halt.deadman import Boot, this_boot
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.core.runs.slots import Full, Wanted
from lab.base.wait import until
from tests.support.patience import GIVE_UP
from tests.unit.slot_fields import SlotField, lay_breaker

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs" / "examples" / "run_slot.yml"
COMMAND = str(Path(sys.executable).parent / "ansible-playbook")
TTL = 86_400  # so long that no busy machine is late
OFTEN = "from freqops.core.runs import slots\nslots.BEATS_IN_TTL = 86_400\n"  # once a second
TOOL = """#!{python} -S
import sys
sys.path.insert(0, {source!r})
from pathlib import Path
from freqops.hostctl import cli
sys.exit(cli.main(sys.argv[1:], Path({root!r})))
"""


class Example:
    """The example, with a tree and a freqops-host of its own."""

    def __init__(self, place: Path) -> None:
        self.place, self.root = place, place / "root"
        self.directory = SlotDirectory(self.root, Clock())
        lay_breaker(self.root)
        self.tool = place / "freqops-host"
        self.tool.write_text(TOOL.format(python=sys.executable, source=str(ROOT / "src"), root=str(self.root)))
        self.tool.chmod(0o755)
        (place / "often").mkdir()
        (place / "often" / "sitecustomize.py").write_text(OFTEN)
        self.begun: list[subprocess.Popen[str]] = []

    def playbook(self) -> Path:
        """Return the example on this tree: what is added are the tree and a long time to live."""
        plays = yaml.safe_load(EXAMPLE.read_text())
        block = plays[0]["tasks"][0]
        for task in [*block["block"], *block["always"]]:
            if "freqops_slot" in task:
                task["freqops_slot"]["root"] = str(self.root)
        block["block"][0]["freqops_slot"]["ttl_seconds"] = TTL
        path = self.place / "run_slot.yml"
        path.write_text(yaml.safe_dump(plays))
        return path

    def begin(self, *command: str) -> subprocess.Popen[str]:
        """Begin the example with a command of our own in place of the download."""
        inventory = {"research": {"hosts": {"one": {"ansible_connection": "local"}}}}
        (self.place / "inventory.yml").write_text(json.dumps(inventory))
        values = {
            "freqops_host": str(self.tool), "download": list(command), "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
        }  # fmt: skip
        words = [COMMAND, str(self.playbook()), "-i", str(self.place / "inventory.yml"), "-e", json.dumps(values)]
        environment = {
            **os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_HOME": str(self.place / "ansible"),
            "PYTHONPATH": f"{self.place / 'often'}:{ROOT / 'src'}",
        }  # fmt: skip
        play = subprocess.Popen(
            words, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.begun.append(play)
        return play

    def slots(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.directory.answer()["slots"]
        return found

    def later(self, seconds: float) -> SlotDirectory:
        """Return the slots as they will stand when so much time has passed."""
        return SlotDirectory(self.root, Clock(), lambda: Boot(this_boot().id, this_boot().uptime + seconds))

    @staticmethod
    def wanted() -> Wanted:
        return SlotField.wanted(1, "download")


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Example]:
    example = Example(tmp_path)
    yield example
    for play in example.begun:
        play.kill()
        play.wait(GIVE_UP)


def beaters(play: subprocess.Popen[str]) -> list[int]:
    """Return the processes that have the command line of a play, and are neither it nor below it."""
    entries = {entry.pid: entry for entry in process_table.entries()}
    wanted = Path(f"/proc/{play.pid}/cmdline").read_bytes()
    same = [pid for pid in entries if cmdline(pid) == wanted]
    return [pid for pid in same if pid != play.pid and entries[pid].parent not in same]


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_it_runs_under_a_slot_which_is_kept_and_given_back(example: Example) -> None:
    seen, go_on = example.place / "seen", example.place / "go-on"
    play = example.begin("sh", "-c", f"touch {seen}; until test -e {shlex.quote(str(go_on))}; do sleep 0.1; done")
    until(seen.exists, GIVE_UP, "the command was not run")
    [first] = example.directory.found()
    assert first.slot is not None
    assert (first.kind, first.slot.holder.process.pid, first.slot.run is not None) == ("download", play.pid, True)
    until(lambda: heard(example) > first.slot.heard.uptime, GIVE_UP, "it was not kept")  # type: ignore[union-attr]
    assert [row["state"] for row in example.slots()] == ["active"]
    go_on.touch()
    said = play.communicate(timeout=GIVE_UP)[0]
    assert play.returncode == 0, said
    assert example.slots() == []


def heard(example: Example) -> float:
    [found] = example.directory.found()
    return found.slot.heard.uptime if found.slot is not None else 0.0


def test_a_command_that_fails_gives_it_back(example: Example) -> None:
    play = example.begin("false")
    said = play.communicate(timeout=GIVE_UP)[0]
    assert play.returncode != 0, said
    assert example.slots() == []
    assert "Give the slot back" in said


def test_killed_its_heartbeat_dies_with_it_and_the_slot_is_free_after_the_time_to_live_and_not_before(
    example: Example,
) -> None:
    run = example.place / "run"
    play = example.begin("sh", "-c", f"echo $$ >{run}; exec sleep 100000")
    until(lambda: run.exists() and run.read_text() != "", GIVE_UP, "the command was not run")
    [beater] = beaters(play)
    play.send_signal(signal.SIGKILL)
    play.wait(GIVE_UP)
    until(lambda: not cmdline(beater), GIVE_UP, "the heartbeat outlived the play")
    [row] = example.slots()
    assert (row["state"], row["detail"]) == ("holder gone", "its run must end when it is silent for 43200 s")
    os.kill(int(run.read_text()), signal.SIGKILL)
    until(lambda: "it is free in" in example.slots()[0]["detail"], GIVE_UP, "its run goes on")
    with pytest.raises(Full):
        example.later(TTL - row["heartbeat_s"] - GIVE_UP).acquire(example.wanted())
    assert example.later(TTL + 1).acquire(example.wanted()).removed == (row["file"],)
