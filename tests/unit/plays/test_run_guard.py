"""A run of a playbook that leaves something out is refused, and one that did not do its deed does not end with 0."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from freqops.plays.run_guard import DEEDS, Run, left_out
from tests.support.procedures import FORMER, playbooks

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOKS = ROOT / "playbooks"
COMMAND = str(Path(sys.executable).parent / "ansible-playbook")
Ended = tuple[str, str, dict[str, Any], dict[str, Any]]  # a task that ended well: host, module, arguments, result
FLEET: tuple[str, dict[str, Any], dict[str, Any]] = ("freqops_fleet", {"playbook": "x"}, {"meant": ["one", "two"]})

# Ways to leave tasks out or to run them elsewhere: words of the command line, of the environment, of ansible.cfg.
WAYS: dict[str, tuple[list[str], dict[str, str], str, str]] = {
    "--tags": (["--tags", "emergency"], {}, "", "tags 'emergency'"),
    "ANSIBLE_RUN_TAGS": ([], {"ANSIBLE_RUN_TAGS": "emergency"}, "", "tags 'emergency'"),
    "[tags] run": ([], {}, "[tags]\nrun = emergency\n", "tags 'emergency'"),
    "--skip-tags": (["--skip-tags", "always"], {}, "", "tags to skip 'always'"),
    "ANSIBLE_SKIP_TAGS": ([], {"ANSIBLE_SKIP_TAGS": "a,b"}, "", "tags to skip 'a', 'b'"),
    "[tags] skip": ([], {}, "[tags]\nskip = always\n", "tags to skip 'always'"),
    "--start-at-task": (["--start-at-task", "Halt"], {}, "", "a task to start at, 'Halt'"),
    "ANSIBLE_STRATEGY": ([], {"ANSIBLE_STRATEGY": "free"}, "", "the strategy 'free'"),
    "strategy": ([], {}, "[defaults]\nstrategy = host_pinned\n", "the strategy 'host_pinned'"),
    "--connection": (["--connection", "local"], {}, "", "local connections"),
    "ANSIBLE_TRANSPORT": ([], {"ANSIBLE_TRANSPORT": "local"}, "", "local connections"),
    "transport": ([], {}, "[defaults]\ntransport = local\n", "local connections"),
}
ARGUMENTS: dict[str, Any] = {
    "tags": ["all"], "skip_tags": [], "start_at_task": None, "step": False, "connection": "ssh",
}  # fmt: skip


def run(playbook: Path, *words: str, settings: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook on a host that refuses connections, with ansible.cfg of the project and more settings."""
    home = Path(os.environ["TMPDIR"])
    config = (ROOT / "ansible.cfg").read_text().replace("= ./", f"= {ROOT}/")
    for section in re.findall(r"^(\[.*\])\n(.*)\n", settings, re.MULTILINE):
        there = section[0] in config
        config = config.replace(section[0], "\n".join(section)) if there else config + "\n".join(section) + "\n"
    (home / "ansible.cfg").write_text(config)
    inventory = home / "hosts.yml"
    inventory.write_text(
        "all: {hosts: {one: {ansible_host: 127.0.0.1, ansible_port: 1, freqtrade_bots: [{name: alpha}]}}}\n"
    )
    usual = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE")}
    return subprocess.run(
        [COMMAND, str(playbook), "-i", str(inventory), *words],
        env={**usual, "ANSIBLE_CONFIG": str(home / "ansible.cfg"), **environment},
        cwd=home, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))


# --- what is refused


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"tags": ["emergency"]}, "tags 'emergency'"),
        ({"tags": ["all", "x"]}, "tags 'all', 'x'"),
        ({"skip_tags": ["always"]}, "tags to skip 'always'"),
        ({"start_at_task": "Halt"}, "a task to start at"),
        ({"connection": "local"}, "local connections"),
    ],
)
def test_what_leaves_tasks_out(given: dict[str, Any], said: str) -> None:
    assert list(left_out(ARGUMENTS, "linear")) == []
    (found,) = left_out({**ARGUMENTS, **given}, "linear")
    assert found.startswith(said)


def test_molecule_skips_tags_that_no_task_bears() -> None:
    assert (
        list(
            left_out({**ARGUMENTS, "skip_tags": ["molecule-notest", "notest", "molecule-idempotence-notest"]}, "linear")
        )
        == []
    )
    files = [*PLAYBOOKS.rglob("*.yml"), *(ROOT / "roles").rglob("*.yml")]
    tagged = [path.name for path in files if re.search(r"^\s*tags:", path.read_text(), re.MULTILINE)]
    assert tagged == [f"{name}.yml" for name in FORMER]


@pytest.mark.parametrize("strategy", ["free", "host_pinned", "debug"])
def test_another_strategy_is_named(strategy: str) -> None:
    (found,) = left_out(ARGUMENTS, strategy)
    assert found.startswith(f"the strategy {strategy!r}: leave out ANSIBLE_STRATEGY")


@pytest.mark.parametrize(("playbook", "way"), list(zip(sorted(DEEDS), cycle(WAYS), strict=False)))
def test_no_playbook_runs_in_any_of_these_ways(playbook: str, way: str) -> None:
    """Each playbook, and each way, from outside: whatever Ansible makes of the way must reach the guard."""
    words, environment, settings, said = WAYS[way]
    ended = run(PLAYBOOKS / f"{playbook}.yml", *words, settings=settings, **environment)
    assert ended.returncode == 1
    assert f"REFUSED, nothing ran: {said}" in ended.stderr
    assert "TASK" not in ended.stdout


def test_who_steps_over_the_deed_has_not_done_it() -> None:
    """A person who goes through a play task by task may leave some out; the last line says what came of it."""
    made = Run("killswitch")
    made.note("one", *FLEET)
    assert list(left_out({**ARGUMENTS, "step": True}, "linear")) == []
    assert made.line(check=False, well=True) == "killswitch: NOT DONE, 0 of 2 hosts"


def test_each_way_is_tried() -> None:
    assert len(WAYS) <= len(DEEDS)


# --- what ends without the deed


def test_every_playbook_has_a_deed_that_stands_in_it() -> None:
    assert {path.stem for path in playbooks()} == set(DEEDS)
    for name, deed in DEEDS.items():
        steps = "\n".join(path.read_text() for path in (PLAYBOOKS / "steps").glob("*.yml"))
        text = (PLAYBOOKS / f"{name}.yml").read_text() + steps
        assert f" {deed.module}:" in text
        assert all(f"state: {state}" in text for state in deed.states)


def test_a_playbook_without_its_deed_does_not_end_well(tmp_path: Path) -> None:
    (tmp_path / "callback_plugins").symlink_to(PLAYBOOKS / "callback_plugins")
    playbook = tmp_path / "killswitch.yml"
    playbook.write_text("- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: {msg: halted}}]\n")
    ended = run(playbook)
    assert "failed=0" in ended.stdout
    assert ended.stdout.rstrip().endswith("killswitch: NOT DONE, 0 of 0 hosts")
    assert ended.returncode == 2
    checked = run(playbook, "--check")
    assert checked.stdout.rstrip().endswith("killswitch: NOTHING DONE: this was a check")


def test_without_the_guard_nothing_runs(tmp_path: Path) -> None:
    playbook = tmp_path / "mine.yml"
    playbook.write_text(
        "- hosts: localhost\n  gather_facts: false\n"
        f"  tasks: [{{freqops_fleet: {{playbook: {PLAYBOOKS}/status.yml, quiet: true}}}}]\n"
    )
    ended = run(playbook)
    assert ended.returncode == 2
    assert "freqops_done.py was not loaded" in ended.stderr + ended.stdout


def test_a_guard_that_cannot_be_loaded_is_no_way_round_it(tmp_path: Path) -> None:
    copied = shutil.copytree(PLAYBOOKS, tmp_path / "playbooks")
    (copied / "callback_plugins" / "freqops_done.py").write_text("import nothing_of_this_name\n")
    ended = run(copied / "status.yml", "--tags", "emergency")
    assert ended.returncode != 0
    assert "freqops_done.py was not loaded" in ended.stderr + ended.stdout
    assert run(copied / "status.yml", "--list-tasks").returncode == 0


def test_a_playbook_of_somebody_else_is_guarded_from_where_it_imports_one_of_these(tmp_path: Path) -> None:
    playbook = tmp_path / "mine.yml"
    playbook.write_text(f"- ansible.builtin.import_playbook: {PLAYBOOKS}/status.yml\n")
    ended = run(playbook)
    assert ended.returncode == 2
    assert ended.stdout.rstrip().endswith("status: NOT DONE, 0 of 1 hosts")


def ended_well(host: str, module: str, result: dict[str, Any] | None = None, **arguments: Any) -> Ended:
    return host, module, arguments, result or {}


def done(name: str, *tasks: Ended) -> str:
    """Return the last line of a run in which these tasks ended well."""
    made = Run(name)
    made.note("one", *FLEET)
    for host, module, arguments, result in tasks:
        made.note(host, module, arguments, result)
    return made.line(check=False, well=True)


def test_a_deed_of_the_whole_fleet_counts_for_every_host() -> None:
    assert done("killswitch", ended_well("one", "freqops_halt")) == "killswitch: done, 2 of 2 hosts"
    assert done("killswitch", ended_well("one", "debug")) == "killswitch: NOT DONE, 0 of 2 hosts"


def test_a_deed_of_a_host_counts_for_that_host() -> None:
    one, two, three = (ended_well(host, "freqops_resume") for host in ("one", "two", "three"))
    assert done("resume", one) == "resume: NOT DONE, 1 of 2 hosts"
    assert done("resume", one, two) == "resume: done, 2 of 2 hosts"
    assert done("resume", one, three) == "resume: NOT DONE, 1 of 2 hosts"


@pytest.mark.parametrize("module", ["freqops_restore", "freqops_restore_parts"])
def test_a_restore_is_done_by_what_brings_databases_back_and_by_what_brings_other_parts(module: str) -> None:
    made = Run("restore")
    made.note("localhost", "freqops_fleet", {}, {"meant": ["paper-1"]})
    assert not made.is_done
    made.note("paper-1", module, {}, {})
    assert made.is_done


def test_a_look_is_no_deed() -> None:
    hosts = ("one", "two")
    looks = [ended_well(host, "freqops_remove", look=True) for host in hosts]
    assert done("remove", *looks) == "remove: NOT DONE, 0 of 2 hosts"
    looks = [ended_well(host, "freqops_adopt", state="looked") for host in hosts]
    assert done("adopt", *looks) == "adopt: NOT DONE, 0 of 2 hosts"


def test_a_deploy_with_nothing_to_do_is_done_where_that_was_found() -> None:
    found = ended_well("one", "freqops_manifest", {"same": ["two"]}, state="compared")
    assert done("deploy", found) == "deploy: NOT DONE, 1 of 2 hosts"
    assert done("deploy", found, ended_well("one", "freqops_manifest", state="written")) == "deploy: done, 2 of 2 hosts"


def test_no_host_at_all_is_nothing_done() -> None:
    made = Run("killswitch")
    made.note("one", "freqops_fleet", {}, {"meant": []})
    made.note("one", "freqops_halt", {}, {})
    assert not made.is_done


def test_what_failed_is_not_done() -> None:
    made = Run("killswitch")
    made.note("one", *FLEET)
    made.note("one", "freqops_halt", {}, {})
    assert made.line(check=False, well=False) == "killswitch: NOT DONE, 2 of 2 hosts"
