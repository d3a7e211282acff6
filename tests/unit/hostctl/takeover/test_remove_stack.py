"""Everything taken off a host: judged first, in an order that leaves nothing hanging, and read back."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from freqops.core.backup import recovery_points
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.hostctl.bot import databases
from freqops.hostctl.takeover import remove_stack
from freqops.hostctl.takeover.remove_stack import Stack
from tests.unit.hostctl.takeover.test_remove import Host

FILES = (
    "etc/systemd/system/freqops-reassert.timer",
    "etc/freqops/firewall.nft",
    "etc/ssh/sshd_config.d/10-freqops.conf",
)
STAYS = ("etc/docker/daemon.json", "usr/local/bin/freqops-host")


class Whole(Host):
    """A host with everything of freqops on it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.system = root / "system"
        super().__init__(root / "srv", monkeypatch)
        monkeypatch.setattr(recovery_points, "FILE", root / "run" / "recovery-points.json")
        for name in (*FILES, *STAYS):
            (self.system / name).parent.mkdir(parents=True, exist_ok=True)
            (self.system / name).write_text("")
        (self.root / "packages" / "0").mkdir(parents=True)
        for name in ("manifest.json", "deploy.json", ".deploy.lock", "keepalive.json", ".keepalive.json.k1ll3d"):
            (self.root / name).write_text("{}")
        self.commands: list[str] = []
        self.units = ""
        monkeypatch.setattr(self.engine, "container_names", lambda: sorted(self.engine.containers))
        monkeypatch.setattr(self.engine, "images_in_use", lambda: ["registry.example/other"])

    def run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.commands.append(" ".join(words))
        return subprocess.CompletedProcess(list(words), 0, self.units if "list-units" in words else "", "")

    def go(self) -> Stack:
        mandate = Mandate("20260102T030405Z-remove-9f3c21", "why", "ann@host")
        return remove_stack.remove(self.root, mandate, self.clock, self.engine, self.system, self.run)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Whole:
    return Whole(tmp_path, monkeypatch)


def test_everything_goes_but_what_was_kept_and_what_happened(host: Whole) -> None:
    result = host.go()
    assert (result.outcome, result.changed, result.proven) == ("removed", True, True)
    assert sorted(path.name for path in host.root.iterdir()) == ["incidents", "removed", "user_data"]
    assert [path for path in FILES if (host.system / path).exists()] == []
    assert all((host.system / path).exists() for path in STAYS)
    assert "systemctl disable --now freqops-reassert.timer" in host.commands
    assert "systemctl reload ssh.service" in host.commands
    assert any("freqtrade@sha256:00 any more" in line for line in result.detail)


def test_a_second_time_there_is_nothing_to_do(host: Whole) -> None:
    host.go()
    again = host.go()
    assert (again.outcome, again.changed, again.proven) == ("nothing", False, True)


def test_one_bot_with_an_open_trade_keeps_all_of_it(host: Whole) -> None:
    host.trade("beta")
    with pytest.raises(Refused, match="beta"):
        host.go()
    assert host.untouched()
    assert host.commands == []
    assert all((host.system / path).exists() for path in FILES)


def test_what_systemd_still_has_is_found(host: Whole) -> None:
    host.units = "freqops-firewall.service loaded active exited Firewall\n"
    with pytest.raises(NotProven, match=r"systemd has freqops-firewall\.service"):
        host.go()


@pytest.mark.parametrize("name", ["accounting", "alpha_paper2"])
def test_a_database_of_somebody_else_refuses_it(host: Whole, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (host.root / "postgres").mkdir()
    (host.root / "postgres" / "compose.yml").write_text("")
    found = ["database postgres", "database template1", "database alpha_paper_restoring", f"database {name}"]
    monkeypatch.setattr(databases, "present", lambda _engine: found)
    with pytest.raises(Refused, match=f"Postgres has {name}, which is no bot's"):
        host.go()
    assert host.untouched()
