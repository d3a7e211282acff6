"""Backups on a real host while its bots trade: what was saved is what was there, and what is broken has a name."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tests.support.field import play, until
from tests.support.patience import GIVE_UP
from tests.support.rollout import BOTS, HOST, Bot, Rollout

HOME = "/srv/freqops/backup"
UNIT = "freqops-test-backup"
RUN = "/srv/freqops/user_data/runs/test-backup"
COUNT = (
    "import sqlite3, sys; c = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True); "
    "print(c.execute('pragma integrity_check').fetchone()[0], c.execute('select count(*) from trades').fetchone()[0])"
)


def row_of(bot: Bot, words: str, wanted: int = 0) -> dict[str, Any]:
    """Run the command, which ends as wanted, and return the row of the one repository."""
    code, answer = bot.tool(f"backup {words} --json")
    assert code == wanted, answer
    [row] = answer["repositories"]
    return dict(row)


def listed(bot: Bot) -> list[str]:
    """Return the snapshots that count."""
    return [each["id"] for each in row_of(bot, "list")["snapshots"] if each["counts"] == "yes"]


def largest_pack(bot: Bot) -> str:
    """Return the place of the largest pack that an index knows; of a backup that was killed there may be others."""
    restic = f"restic --no-cache --repo {HOME}/local --password-file {HOME}/keys/local"
    indexes = [json.loads(bot.sh(f"{restic} cat index {each}")) for each in bot.sh(f"{restic} list index").split()]
    known = {pack["id"] for index in indexes for pack in index["packs"]}
    return next(pack for pack in bot.sh(f"ls -S {HOME}/local/data/*/*").split() if pack.rpartition("/")[2] in known)


def test_a_backup_of_bots_that_trade_is_what_they_had(rollout: Rollout) -> None:
    bot = rollout.bots["epsilon"]  # on SQLite; the others are on Postgres
    running = {name: each.container for name, each in rollout.bots.items()}
    known = bot.trade_ids()
    played = play("backup", "--limit", HOST)
    assert played.rc == 0, played.out
    assert "backup: done, 1 of 1 hosts" in played.out
    assert {name: each.container for name, each in rollout.bots.items()} == running
    newest = row_of(bot, "list")["snapshots"][-1]
    assert newest["counts"] == "yes"
    assert newest["bots"].split(",") == sorted(BOTS)
    played = play("backup", "--limit", HOST, "-e", "action=check", "-e", "read_data=true")
    assert played.rc == 0, played.out
    bot.sh(f"rm -rf {HOME}/exports")
    played = play("backup", "--limit", HOST, "-e", "action=export", "-e", "only=trades,registry,state")
    assert played.rc == 0, played.out
    [place] = bot.sh(f"ls -d {HOME}/exports/backup_*").split()
    assert bot.sh(f"ls {place}").split() == ["manifest.json", "registry", "state", "trades"]
    integrity, count = bot.sh(f"python3 -c {json.dumps(COUNT)} {place}/trades/epsilon/database").split()
    assert integrity == "ok"
    assert int(count) >= len(known)
    told = json.loads(bot.sh(f"cat {place}/manifest.json"))["bots"]["alpha"]
    assert told["kind"] == "postgresql"
    archive = f"docker exec -i freqops-postgres pg_restore --list < {place}/trades/alpha/database"
    assert "TABLE DATA public trades" in bot.sh(archive)
    bot.sh(f"rm -rf {HOME}/exports")


def test_a_backup_that_is_killed_does_not_count_and_the_next_is_well(rollout: Rollout) -> None:
    bot = rollout.bots["epsilon"]
    before = listed(bot)
    bot.sh(f"mkdir -p {RUN} && dd if=/dev/urandom of={RUN}/large bs=1M count=200 status=none")
    try:
        bot.sh(f"systemd-run --quiet --collect --unit {UNIT} /usr/local/bin/freqops-host backup run")
        working = partial(bot.sh, "pgrep -x restic >/dev/null && ls /srv/freqops/backup/local/locks; true")
        until("restic holds a lock", lambda: bool(working().strip()), GIVE_UP)
        bot.sh(f"systemctl kill --signal=KILL {UNIT}")
        until("it is gone", lambda: "active" not in bot.sh(f"systemctl is-active {UNIT}; true").split(), GIVE_UP)
    finally:
        bot.sh(f"rm -rf {RUN}")
    assert listed(bot) == before
    row = row_of(bot, "run")
    assert listed(bot) == [*before, row["snapshot"]]
    assert bot.sh(f"ls {HOME}/local/locks").split() == []


def test_a_wrong_password_and_a_pack_that_is_gone_are_named(rollout: Rollout) -> None:
    bot = rollout.bots["epsilon"]
    key, kept = f"{HOME}/keys/local", "/root/right-key"
    bot.sh(f"cp -p {key} {kept} && printf wrong > {key}")
    try:
        row = row_of(bot, "run", wanted=2)
        assert "its password does not open it" in row["problems"][0]
    finally:
        bot.sh(f"cat {kept} > {key} && rm {kept}")
    before = listed(bot)
    pack = largest_pack(bot)
    bot.sh(f"mv {pack} /root/pack")
    try:
        row = row_of(bot, "check", wanted=2)
        assert pack.rpartition("/")[2][:8] in row["problems"][0]
        code, answer = bot.tool("status --json")
        assert any("it is damaged" in note for note in answer["host_notes"]), (code, answer)
    finally:
        bot.sh(f"mv /root/pack {pack}")
    assert row_of(bot, "check")["proven"]
    assert listed(bot) == before
