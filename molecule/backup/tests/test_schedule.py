"""The calendar on a real host: systemd's own timers run real playbooks, one at a time, and what failed is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import control_node
from tests.support.field import Played, play, until
from tests.support.rollout import HOST, Bot, Rollout

STATE = "/var/lib/freqops-schedule"
ALONE = f"{STATE}/alone.lock"
HOLDER = "freqops-test-alone"
UNITS = "/etc/systemd/system/freqops_job-"
LISTS = {"playbook": "backup", "inputs": {"action": "list"}, "seconds": 300, "jitter": 0}
FAILS = {**LISTS, "inputs": {"action": "list", "repository": "nowhere"}, "when": "Mon 04:00"}

Bring = Callable[..., Played]


def soon() -> str:
    """Return an expression that comes round every ten seconds for some minutes, and then not for a long while."""
    minutes = [(datetime.now(UTC) + timedelta(minutes=ahead)).minute for ahead in range(5)]
    return f"*:{','.join(map(str, minutes))}:0/10"


@pytest.fixture
def calendar(rollout: Rollout, tmp_path: Path) -> Iterator[Bring]:
    """A function that plays schedule.yml, by which the host of the bots gets the calendar; it has none afterwards."""
    bot = rollout.bots["epsilon"]
    control_node.make(bot.host)
    inventory = Path(rollout.inventory())

    def bring(jobs: list[dict[str, Any]], *words: str) -> Played:
        found = yaml.safe_load((inventory / "hosts.yml").read_text())
        mine: dict[str, Any] = {"schedule_default_jobs": [], "schedule_jobs": jobs}
        mine |= {"schedule_project": control_node.PROJECT, "schedule_inventory": control_node.INVENTORY}
        found["monitoring"] = {"hosts": {HOST: {}}, "vars": mine}
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump(found))
        for name in ("group_vars", ".ssh"):
            if not (tmp_path / name).exists():
                (tmp_path / name).symlink_to(inventory / name)
        return play("schedule", *words, inventory=str(tmp_path / "hosts.yml"))

    bot.sh(f"install -d -o {control_node.USER} {STATE}")
    bot.sh(f"printf drill > {ALONE} && chown {control_node.USER} {ALONE}")
    bot.sh(f"systemd-run --quiet --collect --unit {HOLDER} flock {ALONE} sleep 600")
    yield bring
    gone = f"{UNITS}* /etc/freqops-schedule {STATE} {control_node.PROJECT}"
    bot.sh(f"systemctl stop {HOLDER} 2>/dev/null; systemctl disable --now {UNITS}*.timer 2>/dev/null; rm -rf {gone}")
    bot.sh("systemctl daemon-reload")


def record(bot: Bot, job: str) -> dict[str, Any]:
    """Return what a job wrote down."""
    found = bot.sh(f"cat {STATE}/{job}/record.json 2>/dev/null; true").strip()
    return dict(json.loads(found)) if found else {}


def test_a_timer_runs_a_playbook_once_at_a_time_and_what_failed_is_known(rollout: Rollout, calendar: Bring) -> None:
    bot = rollout.bots["epsilon"]
    jobs = [{"name": "lists", "when": soon(), **LISTS}, {"name": "fails", **FAILS}]
    played = calendar(jobs)
    assert played.rc == 0, played.out
    assert "schedule: done" in played.out
    waiting = until("the timer started it, and it waits", lambda: record(bot, "lists").get("running") or {}, 60)
    until("it says for whom", lambda: record(bot, "lists")["running"]["waits_for"] == "drill", 30)
    refused = calendar(jobs, "-e", "action=run", "-e", "job=lists")
    assert refused.rc != 0
    assert "REFUSED, nothing ran: job lists still runs since" in refused.out
    assert record(bot, "lists")["running"]["invocation"] == waiting["invocation"]
    bot.sh(f"systemctl stop {HOLDER}")
    until("it ended well", lambda: (record(bot, "lists").get("success") or {}).get("invocation"), 60)
    done = record(bot, "lists")["success"]
    assert "backup: done, 1 of 1 hosts" in done["lines"][-1]
    assert bot.sh(f"cat {done['artefacts']}/rc").strip() == "0"

    failed = calendar(jobs, "-e", "action=run", "-e", "job=fails")
    assert failed.rc != 0
    assert record(bot, "fails")["failure"]["rc"] != 0
    assert f"job fails ended with status {record(bot, 'fails')['failure']['rc']}" in failed.out
    assert any("nowhere" in line for line in record(bot, "fails")["failure"]["lines"])
    assert bot.sh("systemctl is-failed freqops_job-fails.service; true").strip() == "failed"
    bot.sh("systemctl disable --now --quiet freqops_job-fails.timer")
    code, answer = bot.tool("status --json")
    assert code == 2
    assert any(line.startswith("job lists: last success 20") for line in answer["host_notes"]), answer
    assert any(line.startswith("job fails: FAILED with status") for line in answer["host_notes"]), answer
    assert any("freqops_job-fails.timer is inactive" in line for line in answer["host_problems"]), answer

    played = calendar([])
    assert played.rc == 0, played.out
    assert bot.sh(f"ls {UNITS}* 2>/dev/null; true").strip() == ""
    assert bot.sh("systemctl list-timers --all --no-legend 'freqops_job-*'").strip() == ""
