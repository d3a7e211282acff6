"""A host whose parts are in a repository, and the same host after it lost them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup import successes
from freqops.core.backup.parts_answer import RestoredParts
from freqops.core.base.mandate import Mandate
from freqops.core.bot import processes
from freqops.core.breaker import places
from freqops.core.halt import holds
from freqops.core.runs import registry, run_records
from freqops.hostctl.backup.part_plan import Order
from freqops.hostctl.backup.parts_restore import PartsRestore
from freqops.hostctl.bot import holds_file, processes_and_api
from tests.unit.hostctl.backup.repositories.cheap_key import make_cheap
from tests.unit.hostctl.backup.repositories.conftest import SECRET, Host, local

FIRST, SECOND = "a" * 16, "b" * 16
SLOTS = {"version": 1, "limits": {"backtest": 2}, "ttl_seconds": 900}
LIMITS = {"version": 1, "max_concurrent_trades": 3, "max_market_exposure": None}
ORDER = {"client_id": "freqops-1", "id": "77", "pair": "BTC/USDT"}
JOURNAL = '{"at": "2026-01-02T03:00:00Z"}\n'
REPORT, LOG, BOT_LOG = "user_data/runs/one/report.json", "user_data/logs/data.log", "bots/alpha/var/logs/old.log"
INCIDENT = "incidents/one/paper-1-alpha-halt3.jsonl"
PASSWORD = "the-former-password"
KEY = json.dumps({"db_url": SECRET, "api_server": {"password": PASSWORD}})


def write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def lay_release(home: Path, fingerprint: str, strategy: str = "class A: pass\n") -> None:
    place = home / "release" / fingerprint
    declared = {**json.loads((home / "bot.json").read_text()), "release": fingerprint}
    for name, text in {
        "bot.json": json.dumps(declared), "compose.yml": "services: {}\n", "config.json": "{}\n",
        "strategies/a.py": strategy, "validated": "{}\n",
    }.items():  # fmt: skip
        write(place / name, text, 0o444)


def history(home: Path, *fingerprints: str) -> None:
    rows = [{"release": each, "image": "image@sha256:1", "at": "2026-01-01T00:00:00Z", "dump": "gone"}
            for each in fingerprints]  # fmt: skip
    write(home / "releases.json", json.dumps({"version": 1, "releases": rows}))


def hold(host: Host, bot: str, level: int, holder: str = "halt", incident: str = "one", rest: str = "paused") -> None:
    """Hold a bot."""
    wanted = holds.Hold(holder, level, "why", "ann@host", incident, 0, "", rest)
    assert holds_file.latch(host.root / "bots" / bot, wanted, host.clock).error is None


def begin_run(host: Host, name: str) -> None:
    with registry.opened(registry.place(host.root), write=True, owner=os.geteuid()) as present:
        present.begin_run(run_records.Begun(name, "backtest", host.clock.utcnow(), "A"))


def runs(host: Host) -> int:
    with registry.opened(registry.place(host.root), owner=os.geteuid()) as present:
        return present.rows()["runs"]


def breaker(host: Host, *, active: bool, until: str | None = None, bot: str = "") -> Path:
    path = host.root / "bots" / bot / places.NAME if bot else places.host_breaker(host.root)
    write(path, json.dumps({"active": active, "reason": "outage", "until_iso": until}), 0o600)
    return path


def filled(root: Path, made: Path) -> Host:
    """Return a host with two repositories, of which one is for secrets, and all that has parts."""
    host = Host(root)
    host.declare(local(), local("safe", secrets=True))
    for name in ("keys", "local"):
        shutil.copytree(made / name, root / "backup" / name, dirs_exist_ok=True)
    shutil.copy(made / successes.FILE, root / "backup")
    write(root / "user_data" / "state" / "run_slots.json", json.dumps(SLOTS))
    for bot in ("alpha", "beta"):
        home = root / "bots" / bot
        write(home / "conf" / "limits.json", json.dumps({**LIMITS, "max_concurrent_trades": 5}), 0o444)
        lay_release(home, SECOND, "class B: pass\n")
        history(home, SECOND)
    return host


class Saved:
    """The repositories of that host, with a snapshot of its parts and one of its secrets."""

    def __init__(self, root: Path, made: Path) -> None:
        host = filled(root, made)
        home = root / "bots" / "alpha"
        hold(host, "alpha", 3)
        hold(host, "alpha", 1, "breaker", "two")
        hold(host, "beta", 1)
        breaker(host, active=True, until="2026-01-02T09:00:00Z")
        breaker(host, active=True, bot="beta")
        write(home / "conf" / "limits.json", json.dumps(LIMITS), 0o444)
        write(home / "sold.json", json.dumps({"version": 1, "orders": [ORDER]}), 0o600)
        write(root / "user_data" / "state" / "override.json", "{}", 0o600)
        write(root / "user_data" / "state" / "odd.json", "{}", 0o600)
        write(root / "user_data" / "state" / "running" / ".lock", "", 0o600)
        write(root / INCIDENT, JOURNAL, 0o600)
        lay_release(home, FIRST)
        history(home, FIRST, SECOND)
        begin_run(host, "first")
        write(root / REPORT, "then")
        write(root / LOG, "then")
        write(root / BOT_LOG, "then")
        host.backups.prepare()
        make_cheap(root / "backup" / "safe", (root / "backup" / "keys" / "safe").read_bytes().strip())
        write(home / "conf" / "secrets.json", KEY, 0o400)
        write(root / "postgres" / "secrets" / "superuser", "its-password", 0o400)
        rows = {row.repository: row for row in host.backups.back_up((), None).rows}
        assert all(row.proven for row in rows.values()), rows
        self.home, self.number, self.secrets = root / "backup", rows["local"].snapshot, rows["safe"].snapshot


class Lost:
    """That host, set up again."""

    def __init__(self, root: Path, saved: Saved, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.host, self.saved, self.root = filled(root, made), saved, root
        for name in ("keys", "local", "safe", "manifests"):
            shutil.copytree(saved.home / name, root / "backup" / name, dirs_exist_ok=True)
        shutil.copy(saved.home / successes.FILE, root / "backup")
        self.elsewhere = root.parent / "elsewhere"  # to which links lead that nobody may follow
        self.host.clock.sleep(3600)
        self.alive: list[processes.Process] = []
        monkeypatch.setattr(processes_and_api, "alive", lambda _bot: self.alive)

    def order(self, *parts: str, **given: Any) -> PartsRestore:
        name = "safe" if parts == ("secrets",) else "local"
        given = {"repository": name, "snapshot": "latest", **given}
        order = Order(Mandate("again", "the disk was lost", "ann@host"), parts, **given)
        return PartsRestore(self.root, order, self.host.clock, self.host.run, os.geteuid())

    def restore(self, *parts: str, **given: Any) -> RestoredParts:
        return self.order(*parts, **given).run()

    def look(self, *parts: str, **given: Any) -> RestoredParts:
        return self.order(*parts, **given).look()

    def home(self, bot: str = "alpha") -> Path:
        return self.root / "bots" / bot

    def holds(self, bot: str = "alpha") -> dict[str, int]:
        return {each.holder: each.level for each in holds.load(self.home(bot) / "conf" / "holds.json").holds}

    def state(self) -> dict[str, tuple[bytes, int]]:
        """Every file but those of the repository and locks."""
        skip = (str(self.root / "backup" / "local"), str(self.root / "backup" / "safe"))
        return {
            str(path.relative_to(self.root)): (path.read_bytes(), path.stat().st_mode)
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and not path.is_symlink() and not str(path).startswith(skip)
            and not path.name.endswith((".lock", "-shm", "-wal"))
        }  # fmt: skip


def what(result: RestoredParts) -> dict[str, str]:
    """Return what became of each path."""
    return {row["path"]: row["what"] for row in result.rows}
