"""Hyperopts on a host beside a bot of the same strategy: cancelled, waited for, killed, and lost with their host."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.support.field import play, until
from tests.support.research import Research

SEARCH = {"spaces": "buy", "epochs": "50", "jobs": "1", "seed": "7"}
OF_THE_BOT = "cd /srv/freqops/bots/alpha && find release bot.json compose.yml conf -type f | sort | xargs sha256sum"


def test_one_that_is_cancelled_at_epoch_seven_keeps_seven_and_changes_nothing_of_a_bot(host: Research) -> None:
    before = host.sh(OF_THE_BOT)
    first = host.begun("hyperopt", **SEARCH)
    rc, refused = host.start("hyperopt", **SEARCH)
    assert rc == 1, refused
    assert "too_many_active_hyperopts: 1/1" in refused["refused"]
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(host.begun, "hyperopt", **SEARCH, wait=600)
        until("seven epochs", lambda: host.epochs(first) >= 7)
        words = ("-e", "action=cancel", "-e", f"run={first}", "-e", "reason='seen enough'")
        cancelled = play("runs", "--limit", host.host.name, *words)
        assert cancelled.rc == 0, cancelled.out
        assert f"{first}: stopped: cancelled by" in cancelled.out, cancelled.out
        second = waiting.result()
    kept = host.rows("SELECT * FROM epochs WHERE run_id = ? ORDER BY number", first)
    assert 7 <= len(kept) == host.epochs(first) < 50
    assert [row["number"] for row in kept] == list(range(1, len(kept) + 1))
    assert "seen enough" in host.row(first)["end_reason"]
    assert host.row(first)["seed"] == 7
    host.nothing_left(first)
    assert host.sh(OF_THE_BOT) == before
    assert host.sh("find /srv/freqops/bots/alpha/release -name 'MaCrossoverStrategy.json'") == ""

    until("the other one has begun", lambda: host.epochs(second) >= 1)
    pid = host.sh(f"systemctl show --property MainPID --value freqops-run-{second}.service").strip()
    host.sh(f"kill -9 {pid}")
    until("it is over", lambda: host.row(second)["status"] != "started")
    assert host.row(second)["status"] == "failed"
    assert "its supervisor was killed" in host.row(second)["end_reason"]
    assert host.free("hyperopt")
    host.nothing_left(second)
    same = host.rows("SELECT loss, parameters_json FROM epochs WHERE run_id IN (?, ?) AND number = 1", first, second)
    assert len(same) == 2
    assert same[0] == same[1], "one seed, one search"


def test_one_whose_host_goes_down_is_failed_and_its_slot_free(host: Research) -> None:
    run = host.begun("hyperopt", **SEARCH)
    until("it has begun", lambda: host.epochs(run) >= 1)
    host.host.reboot()
    until("it is over", lambda: host.row(run)["status"] != "started")
    assert host.row(run)["status"] == "failed"
    assert host.free("hyperopt")
    host.nothing_left(run)
