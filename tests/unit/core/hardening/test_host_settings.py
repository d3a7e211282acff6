"""The SSH session found among the parents, the SSH server's settings, the kernel's."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.core.hardening import ssh_session, sshd, sysctl
from freqops.core.hardening.guard import Guard
from freqops.core.hardening.nft import Firewall
from freqops.core.hardening.ssh_session import Session

SESSION = Session("192.0.2.1", 40000, "192.0.2.10", 2222, 1000)


def process(proc: Path, pid: int, parent: int, environment: str) -> None:
    """Make one process."""
    place = proc / str(pid)
    place.mkdir(parents=True)
    (place / "environ").write_bytes(environment.encode())
    (place / "stat").write_text(f"{pid} (a (strange) name) S {parent} 1 1")


def test_the_connection_is_found_above_sudo_and_belongs_to_the_login(tmp_path: Path) -> None:
    said = "LANG=C\0SSH_CONNECTION=192.0.2.1 40000 192.0.2.10 2222\0"
    process(tmp_path, 90, 80, "LANG=C\0")  # sudo took it away
    process(tmp_path, 80, 70, said)
    process(tmp_path, 70, 60, said)
    process(tmp_path, 60, 1, "LANG=C\0")
    found = ssh_session.find(90, tmp_path)
    assert (found.end, found.server_port) == ("192.0.2.1 40000", 2222)


def test_without_a_connection_it_is_refused(tmp_path: Path) -> None:
    process(tmp_path, 90, 1, "LANG=C\0SSH_CONNECTION=\0")
    with pytest.raises(Refused, match="OpenSSH"):
        ssh_session.find(90, tmp_path)


def test_root_keeps_its_key_where_root_is_the_login() -> None:
    assert sshd.settings(0)["PermitRootLogin"] == "prohibit-password"
    assert sshd.settings(1000)["PermitRootLogin"] == "no"
    assert "PasswordAuthentication no\n" in sshd.render(sshd.settings(0))


def test_what_another_file_says_first_is_seen() -> None:
    wanted = {"PermitRootLogin": "prohibit-password", "PasswordAuthentication": "no"}
    assert sshd.differences("permitrootlogin without-password\npasswordauthentication no\n", wanted) == []
    assert sshd.differences("passwordauthentication yes\n", wanted) == [
        "PasswordAuthentication is yes, not no",
        "PermitRootLogin is nothing, not prohibit-password",
    ]


def test_what_was_written_is_what_was_declared() -> None:
    assert sshd.declared(sshd.render(sshd.settings(0))) == sshd.settings(0)
    assert sshd.declared("") == {}


class Machine:
    """Answers of the programs of a host."""

    def __init__(self, effective: str = "", enabled: tuple[str, ...] = ()) -> None:
        self.effective, self.enabled, self.asked = effective, enabled, list[list[str]]()

    def __call__(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.asked.append(list(words))
        if words[0] == "/bin/sh":
            return subprocess.run(list(words), capture_output=True, text=True, check=False)
        rc = int(words[1] == "is-enabled" and words[-1] not in self.enabled) if words[0] == "systemctl" else 0
        return subprocess.CompletedProcess(list(words), rc, self.effective, "")


def server(machine: Machine, home: Path) -> sshd.SshServer:
    return sshd.SshServer(machine, Guard("sshd", machine, home), home / "10-freqops.conf", home / "sshd_config")


def test_settings_that_do_not_take_effect_are_taken_back_before_the_server_reads_them(tmp_path: Path) -> None:
    machine = Machine("passwordauthentication yes\n")
    (tmp_path / "10-freqops.conf").write_text("before\n")
    with pytest.raises(NotProven, match="PasswordAuthentication is yes"):
        server(machine, tmp_path).change({"PasswordAuthentication": "no"}, 60, SESSION)
    assert (tmp_path / "10-freqops.conf").read_text() == "before\n"
    assert ["systemctl", "reload", "ssh.service"] not in machine.asked


@pytest.mark.parametrize("session", [SESSION, None])
def test_settings_that_another_file_undid_are_named_with_that_file(tmp_path: Path, session: Session | None) -> None:
    wanted = {"PasswordAuthentication": "no", "MaxAuthTries": "4"}
    (tmp_path / "10-freqops.conf").write_text(sshd.render(wanted))
    (tmp_path / "05-cloud.conf").write_text("# PasswordAuthentication no\npasswordauthentication  yes\n")
    (tmp_path / "sshd_config").write_text("Include x\nPasswordAuthentication no\n")
    assert server(Machine(sshd.render(wanted).lower()), tmp_path).undone(session) == []
    [said] = server(Machine("passwordauthentication yes\nmaxauthtries 4\n"), tmp_path).undone(session)
    assert said.startswith("the SSH server's PasswordAuthentication is yes, not no; set in ")
    assert said.count(".conf") == 1
    assert "05-cloud.conf: remove it there, and deploy" in said
    [said] = server(Machine("passwordauthentication no\nmaxauthtries 9\n"), tmp_path).undone(session)
    assert "no file here says why" in said


def test_at_the_console_the_server_is_asked_for_everybody(tmp_path: Path) -> None:
    machine = Machine()
    server(machine, tmp_path).undone(None)
    assert machine.asked == [["/usr/sbin/sshd", "-T"]]


def test_a_server_that_reads_no_drop_ins_is_refused(tmp_path: Path) -> None:
    ours = server(Machine(), tmp_path)
    (tmp_path / "sshd_config").write_text("#Include /etc/ssh/sshd_config.d/*.conf\n")
    with pytest.raises(Refused, match="would not be read"):
        ours.refuse_without_drop_ins()
    (tmp_path / "sshd_config").write_text("Include /etc/ssh/sshd_config.d/*.conf\n")
    ours.refuse_without_drop_ins()


def test_the_unit_that_flushes_docker_is_refused(tmp_path: Path) -> None:
    def on(*enabled: str) -> Firewall:
        machine = Machine(enabled=enabled)
        return Firewall(machine, Guard("firewall", machine, tmp_path), tmp_path / "rules")

    on().refuse_foreign_unit()
    with pytest.raises(Refused, match=r"nftables\.service is enabled"):
        on("nftables.service").refuse_foreign_unit()


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for name, value in (("net/ipv4/tcp_syncookies", "0"), ("kernel/kptr_restrict", "0"), ("net/ipv4/ip_forward", "1")):
        path = tmp_path / "proc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    return tmp_path / "proc"


WANTED = {"net.ipv4.tcp_syncookies": "1", "kernel.kptr_restrict": "1", "kernel.yama.ptrace_scope": "1"}


def test_a_container_leaves_the_kernel_of_the_machine_alone_and_says_so(proc: Path, tmp_path: Path) -> None:
    kernel = sysctl.Kernel(container=True, proc=proc, file=tmp_path / "60-freqops.conf")
    found = kernel.compare(WANTED)
    kernel.apply(found)
    assert kernel.written() == "# Managed by Ansible\nnet.ipv4.tcp_syncookies = 1\n"
    assert (proc / "net/ipv4/tcp_syncookies").read_text() == "1"
    assert (proc / "kernel/kptr_restrict").read_text() == "0\n"
    assert [text.split(" = ")[0] for text in found.not_settable] == ["kernel.kptr_restrict", "kernel.yama.ptrace_scope"]
    assert kernel.compare(WANTED).differing == {}


def test_what_the_kernel_does_not_have_any_more_or_would_lose_is_named(proc: Path, tmp_path: Path) -> None:
    kernel = sysctl.Kernel(container=False, proc=proc, file=tmp_path / "60-freqops.conf")
    assert sysctl.undone(kernel, (tmp_path,)) == []
    kernel.apply(kernel.compare({"net.ipv4.tcp_syncookies": "1"}))
    assert sysctl.declared(kernel.written()) == {"net.ipv4.tcp_syncookies": "1"}
    assert sysctl.undone(kernel, (tmp_path,)) == []
    (tmp_path / "99-other.conf").write_text("#net.ipv4.tcp_syncookies=0\n-net/ipv4/tcp_syncookies = 0\n")
    [said] = sysctl.undone(kernel, (tmp_path,))
    assert "99-other.conf sets net.ipv4.tcp_syncookies to 0 after freqops sets it to 1" in said
    (proc / "net/ipv4/tcp_syncookies").write_text("0\n")
    assert sysctl.undone(kernel, (tmp_path,))[0].startswith("the kernel's net.ipv4.tcp_syncookies is 0, not 1:")


def test_a_value_that_does_not_stay_is_not_called_set(proc: Path, tmp_path: Path) -> None:
    kernel = sysctl.Kernel(container=False, proc=proc, file=tmp_path / "60-freqops.conf")
    found = kernel.compare(WANTED)
    path = proc / "kernel/kptr_restrict"
    path.unlink()
    path.symlink_to("/dev/null")
    with pytest.raises(NotProven, match=r"kernel\.kptr_restrict is unreadable, not 1"):
        kernel.apply(found)


@pytest.mark.parametrize(
    "wanted",
    [{"net.ipv4.ip_forward": 0}, {"net.ipv4.conf.all.forwarding": "0"}, {"tcp_syncookies": 1}, {"a.b": "1; reboot"}],
)
def test_settings_that_make_no_sense_or_cut_containers_off_are_refused(wanted: dict[str, object]) -> None:
    with pytest.raises(Refused):
        sysctl.check(wanted)


def test_a_file_that_undoes_a_setting_at_the_next_boot_is_named(tmp_path: Path) -> None:
    (tmp_path / "10-early.conf").write_text("net.ipv4.tcp_syncookies = 0\n")
    (tmp_path / "99-late.conf").write_text("# net.ipv4.tcp_syncookies = 0\nnet/ipv4/tcp_syncookies=1\n")
    sysctl.refuse_overruled(WANTED, (tmp_path,))
    (tmp_path / "99-late.conf").write_text("-net.ipv4.tcp_syncookies = 0\n")
    with pytest.raises(Refused, match=r"99-late.conf sets net.ipv4.tcp_syncookies to 0"):
        sysctl.refuse_overruled(WANTED, (tmp_path,))
