"""A host is red where its engine or a timer of ours does not work, and where its settings were undone."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import stamp, units
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.hardening import ssh_session, sshd, sysctl
from freqops.hostctl.deploy import host_problems as looking

SSHD, SshServer = sshd.SSHD, sshd.SshServer


class Host:
    """A host whose systemd, SSH server and kernel are as they were left."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.units, self.drop_in, self.sysctl, self.run = root, root / "10.conf", root / "60-freqops.conf", root / "run"
        self.asked: list[list[str]] = []
        self.said: dict[str, dict[str, str]] = {}
        self.error: Exception | None = None
        self.effective = "maxauthtries 4\n"
        for kind in ("timer", "service"):
            for name in ("reassert", "recover", "dump"):
                self._unit(f"freqops-{name}.{kind}", kind)
        self._unit("freqops-guard.service", "timer")
        self.said["docker.service"] = {"Id": "docker.service", "ActiveState": "active"}
        self.drop_in.write_text("MaxAuthTries 4\n")
        monkeypatch.setattr(stamp, "DIRECTORY", str(self.run))
        for name in ("guard", "reassert", "dump"):
            stamp.leave(name)
        monkeypatch.setattr(looking, "UNITS", root)
        monkeypatch.setattr(sshd, "SshServer", lambda run, guard: SshServer(run, guard, self.drop_in, root / "main"))
        monkeypatch.setattr(sysctl, "undone", lambda kernel: [] if kernel.container is False else ["other"])
        monkeypatch.setattr(ssh_session, "find", self._console)
        monkeypatch.setattr(subprocess, "run", self._run)

    def _unit(self, name: str, kind: str) -> None:
        looked = str(int((time.monotonic() - 10) * 1e6))
        self.said[name] = {
            "Id": name, "LoadState": "loaded", "FragmentPath": f"{units.PLACE}/{name}", "UnitFileState": "enabled",
            "ActiveState": "active" if kind == "timer" else "inactive", "ConditionTimestampMonotonic": looked,
        }  # fmt: skip

    def deadman(self) -> None:
        for kind in ("timer", "service"):
            self._unit(f"freqops-deadman.{kind}", kind)
        (self.units / "freqops-deadman.timer").symlink_to("/dev/null")

    def _console(self, _pid: int) -> Any:
        raise Refused("no connection")

    def _run(self, argv: Sequence[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.asked.append(list(argv))
        if self.error is not None:
            raise self.error
        names = argv[argv.index("--") + 1 :] if argv[0] == "systemctl" else []
        blocks = ["\n".join(f"{key}={value}" for key, value in self.said[name].items()) for name in names]
        return subprocess.CompletedProcess(argv, 0, "\n\n".join(blocks) if names else self.effective, "no bus")

    def problems(self) -> list[str]:
        return looking.host_problems(Clock())


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_a_host_at_work_is_well_and_systemd_is_asked_once(host: Host) -> None:
    assert host.problems() == []
    assert [words[0] for words in host.asked] == ["systemctl", SSHD]


DISEASES: dict[str, tuple[Callable[[Host], object], str]] = {
    "masked": (
        lambda h: h.said["freqops-reassert.timer"].update(LoadState="masked"),
        "freqops-reassert.timer is masked",
    ),
    "overridden": (
        lambda h: h.said["freqops-reassert.service"].update(DropInPaths="/etc/x/freqops-reassert.service.d/o.conf"),
        "freqops-reassert.service is overridden by /etc/x",
    ),
    "broken": (
        lambda h: h.said["freqops-recover.service"].update(ActiveState="failed", Result="exit-code"),
        "freqops-recover.service failed (exit-code)",
    ),
    "the guard does not run": (
        lambda h: h.said["freqops-guard.service"].update(ActiveState="inactive"),
        "freqops-guard.service is inactive",
    ),
    "the guard is not enabled": (
        lambda h: h.said["freqops-guard.service"].update(UnitFileState="disabled"),
        "freqops-guard.service is disabled",
    ),
    "the guard hangs": (lambda h: (h.run / "guard.stamp").unlink(), "freqops-guard never came round since the boot"),
    "its stamp is old": (
        lambda h: h.said["freqops-recover.service"].update(ConditionTimestampMonotonic="1"),
        "freqops-recover did not come round for",
    ),
    "the engine": (
        lambda h: h.said["docker.service"].update(ActiveState="failed"),
        "docker.service is failed: ",
    ),
    "systemd hangs": (
        lambda h: setattr(h, "error", subprocess.TimeoutExpired("x", 1)),
        "systemd does not answer: no ",
    ),
    "no systemd": (
        lambda h: setattr(h, "error", FileNotFoundError(2, "x")),
        "systemd does not answer: systemc",
    ),
    "sshd": (lambda h: setattr(h, "effective", "maxauthtries 9\n"), "the SSH server's MaxAuthTries is 9, not 4"),
}


@pytest.mark.parametrize("name", DISEASES)
def test_what_is_wrong_is_named(host: Host, name: str) -> None:
    spoil, said = DISEASES[name]
    spoil(host)
    assert [text for text in host.problems() if text.startswith(said)]


def test_a_round_that_left_no_stamp_is_named(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    (host.run / "reassert.stamp").unlink()
    clock = Clock()
    monkeypatch.setattr(clock, "monotonic", lambda: 1e6)
    host.said["freqops-recover.service"]["ConditionTimestampMonotonic"] = "0"
    assert [text.partition(" ")[0] for text in looking.host_problems(clock)] == ["freqops-reassert", "freqops-recover"]
    host.said["freqops-recover.service"].update(ActiveState="activating")  # a long way back
    assert len(looking.host_problems(clock)) == 1


def test_the_dead_man_timer_is_looked_at_where_there_is_one_and_be_it_masked(host: Host) -> None:
    host.deadman()
    stamp.leave("deadman")
    assert host.problems() == []
    host.said["freqops-deadman.timer"]["LoadState"] = "masked"
    assert host.problems() == ["freqops-deadman.timer is masked: 'systemctl unmask freqops-deadman.timer', and deploy"]


def test_an_ssh_server_that_is_not_ours_is_not_asked(host: Host) -> None:
    host.drop_in.unlink()
    host.effective = "maxauthtries 9\n"
    assert host.problems() == []


def test_settings_that_nobody_tells_are_not_known(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sshd, "SSHD", "/nonexistent/sshd")
    monkeypatch.setattr(subprocess, "run", lambda argv, **_: subprocess.CompletedProcess(argv, 255, "", "no privsep"))
    assert host.problems()[-1].startswith("the settings of the SSH server are not known: /nonexistent/sshd -T ended")


def test_the_kernel_is_looked_at(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysctl, "undone", lambda _kernel: ["the kernel's x is 0, not 1"])
    assert host.problems() == ["the kernel's x is 0, not 1"]
