"""Every variable of every role, changed from its default: foretold, deployed on a bare host, and no change after."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lab.base import state
from lab.base.paths import INVENTORY
from tests.support.every_setting import LEVELS, bots, values
from tests.support.field import ROOT, Field, Played, play, until
from tests.support.fleet import Fleet, inventory
from tests.support.patience import GIVE_UP

HOST = "paper-1"
CALLBACKS = ROOT / "tests/support/callbacks"
# A check cannot know what follows from what it did not do; these say so by being told twice under one name.
Changes = set[tuple[str, str]]


@dataclass(frozen=True)
class Runs:
    """The three runs: the inventory, what each said, and which task changed what."""

    fleet: str
    checked: Played
    deployed: Played
    again: Played
    foretold: Changes
    done: Changes


def other(place: Path) -> str:
    """Return the inventory with everything changed."""

    def change(fleet: Fleet) -> None:
        shared = yaml.safe_load((INVENTORY / "group_vars/lab.yml").read_text())
        registries = [*shared["docker_insecure_registries"], "registry.example.com:5000"]
        pools = [{**pool, "size": 25} for pool in shared["docker_address_pools"]]
        fleet[HOST].update(values(place), freqtrade_bots=bots(place, state.load().images["freqtrade"]))
        fleet[HOST].update(docker_insecure_registries=registries, docker_address_pools=pools)

    return inventory(place, change)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """A bare host, checked, deployed, and deployed again from beginning to end."""
    place = tmp_path_factory.mktemp("changed")
    subprocess.run([sys.executable, "-m", "lab", "reset", HOST], cwd=ROOT, check=True)

    fleet = other(place)

    def run(name: str, *words: str) -> tuple[Played, Changes]:
        noted = place / name
        noted.touch()
        settings = {"ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS), "ANSIBLE_CALLBACKS_ENABLED": "changed_tasks"}
        settings["CHANGED_TASKS"] = str(noted)
        played = play("deploy", "--limit", HOST, *words, inventory=fleet, settings=settings)
        host_and_task = [line.split("\t") for line in noted.read_text().splitlines()]
        return played, {(host, task) for host, task in host_and_task}

    checked, foretold = run("check", "--check", "--diff")
    deployed, done = run("deploy")
    again, nothing = run("again", "-e", "deploy_full=true")
    assert nothing == set(), again.out
    return Runs(fleet, checked, deployed, again, foretold, done)


@pytest.fixture(scope="module")
def field(runs: Runs) -> Field:
    """The host as it stands."""
    assert runs.deployed.rc == 0, runs.deployed.out
    return Field(HOST, "omega")


def test_a_check_foretells_exactly_what_a_deploy_changes(runs: Runs) -> None:
    assert runs.checked.rc == 0, runs.checked.out
    assert runs.deployed.rc == 0, runs.deployed.out
    assert runs.foretold == runs.done


def test_a_further_run_through_everything_changes_nothing(runs: Runs) -> None:
    assert runs.again.rc == 0, runs.again.out


def test_what_was_wished_is_what_is_there(field: Field) -> None:
    assert "guard --every 4" in field.sh("systemctl show --property ExecStart freqops-guard.service")
    assert field.sh("systemctl is-active freqops-guard.service").strip() == "active"
    assert "deadman --after 90" in field.sh("systemctl show --property ExecStart freqops-deadman.service")
    assert field.sh("systemctl is-active freqops-deadman.timer").strip() == "active"
    assert json.loads(field.sh("cat /srv/freqops/keepalive.json"))["actor"]
    declared = json.loads(field.sh("cat /srv/freqops/user_data/state/run_slots.json"))
    assert (declared["limits"]["backtest"], declared["ttl_seconds"]) == (2, 600)
    risk = json.loads(field.sh("cat /etc/freqops/risk.json"))
    assert (risk["max_backtest_drawdown"], risk["backtest_drawdown_runs"]) == (0.3, 2)
    policy = json.loads(field.sh("cat /etc/freqops/retention.json"))
    assert (policy["log_days"], policy["runs"], policy["releases"]) == (90, 50, 4)
    [repository] = json.loads(field.sh("cat /srv/freqops/backup/repositories.json"))["repositories"]
    assert (repository["name"], repository["keep_least"]) == ("other", 5)
    assert json.loads(field.sh("cat /srv/freqops/backup/environments/other.json")) == {"A_SETTING": "of the place"}
    assert "04:30:00" in field.sh("systemctl show --property TimersCalendar freqops-backup.timer")
    assert "ops ALL=(root) NOPASSWD: /usr/local/bin/freqops-host\n" in field.sh("cat /etc/sudoers.d/freqops")
    assert field.sh("getent group freqops-operators").strip().endswith(":freqops-halt,ops")
    assert "halt --level=2 " in field.sh("cat /var/lib/freqops-halt/.ssh/authorized_keys")
    assert field.sh("nft list tables 2>/dev/null | grep -c freqops; true").strip() in ("0", "")
    assert field.sh("ls /etc/ssh/sshd_config.d").split() == ["lab.conf"]
    assert field.sh("cat /proc/sys/net/ipv4/tcp_fin_timeout").strip() == "40"
    daemon = json.loads(field.sh("cat /etc/docker/daemon.json"))
    assert "registry.example.com:5000" in daemon["insecure-registries"]
    assert daemon["default-address-pools"][0]["size"] == 25
    limits = {  # a lab host may be unable to enforce them, and the engine then forgets them
        path: yaml.safe_load(field.sh(f"cat /srv/freqops/{path}/compose.yml"))["services"].popitem()[1]["mem_limit"]
        for path in ("bots/omega", "bots/psi", "postgres")
    }
    assert limits == {"bots/omega": "640m", "bots/psi": "768m", "postgres": "384m"}
    bot = json.loads(field.sh("cat /srv/freqops/bots/omega/bot.json"))
    assert (bot["foreign_holdings"], bot["foreign_orders"], bot["api_port"]) == ({"BNB": "0.5"}, ["17"], 9001)
    [made] = json.loads(field.sh("docker inspect freqops-omega"))
    assert made["Config"]["Image"] == bot["image"] == state.load().images["freqtrade"]
    [mount] = [each for each in made["Mounts"] if each["Destination"] == "/freqops/var/user_files"]
    assert (mount["RW"], mount["Source"].startswith("/srv/freqops/bots/omega/release/")) == (False, True)
    read = field.sh("docker exec freqops-omega base64 --wrap=0 /freqops/var/user_files/deep/levels.bin")
    assert base64.b64decode(read) == LEVELS
    assert field.sh("ls /srv/freqops/bots/omega/var").count("trades.paper.sqlite") > 0
    assert (field.state(), Field(HOST, "psi").state()) == ("stopped", "running")


def test_a_control_node_that_falls_silent_pauses_the_bots_and_one_that_is_back_resumes_nothing(
    runs: Runs, field: Field
) -> None:
    psi = Field(HOST, "psi")
    aged = "import json\npath = Path('/srv/freqops/keepalive.json')\nheard = json.loads(path.read_text())\n"
    field.ask(f"{aged}path.write_text(json.dumps({{**heard, 'uptime': heard['uptime'] - 7200}}))")
    until("the timer has halted it", lambda: psi.level() == 1, GIVE_UP)  # nobody here starts it: it comes every minute
    until("it is paused", lambda: psi.state() == "paused", GIVE_UP)
    [hold] = psi.holds()["holds"]
    assert "-deadman-" in hold["incident"]
    evidence = f"cat /srv/freqops/incidents/{hold['incident']}/*-halt-by-deadman.json 2>/dev/null; true"
    said = until("it is written down, which comes last", lambda: field.sh(evidence), GIVE_UP)
    assert "the control node was not heard for 1" in said, said
    assert (field.level(), field.state()) == (1, "stopped"), "what was stopped is held, and stays so"
    heard = play("keepalive", "--limit", HOST, inventory=runs.fleet)
    assert heard.rc == 0, heard.out
    assert (psi.level(), psi.state()) == (1, "paused")
    psi.resume()
    until("it runs again", lambda: psi.state() == "running", GIVE_UP)
    field.sh("systemctl start freqops-deadman.service")
    assert (psi.level(), psi.state()) == (0, "running"), "who was heard is left alone"
