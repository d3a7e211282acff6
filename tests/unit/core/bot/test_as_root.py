"""The line of a shell that runs freqops-host as root, run by a shell on stand-ins of ``id`` and ``sudo``."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from freqops.core.bot import host_command

SUDO = """#!/bin/sh
[ "$1" = -n ] || exit 9
shift
if [ "$1" = -l ]; then
    [ -s MAY ] || exit 1
    for tool in $(cat MAY); do echo "    (root) NOPASSWD: $tool"; done
    echo "    (ALL : ALL) ALL"
    exit 0
fi
case " $(cat MAY) " in *" $1 "*) printf 'root runs'; printf ' %s' "$@"; exit 0;; esac
exit 1
"""


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TOOL", "OPERATOR_TOOL"):
        tool = tmp_path / Path(getattr(host_command, name)).name
        tool.write_text('#!/bin/sh\nprintf "%s" "${0##*/} itself: $*"\n')
        tool.chmod(0o755)
        monkeypatch.setattr(host_command, name, str(tool))
    (tmp_path / "sudo").write_text(SUDO.replace("MAY", str(tmp_path / "may")))
    (tmp_path / "id").write_text(f"#!/bin/sh\ncat {tmp_path}/uid\n")
    for name in ("sudo", "id"):
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(host: Path, uid: int, may: list[str], *words: str) -> tuple[int, str]:
    (host / "uid").write_text(f"{uid}\n")
    (host / "may").write_text(" ".join(str(host / name) for name in may))
    line = host_command.as_root(words)
    done = subprocess.run(
        ["/bin/sh", "-c", line], env={"PATH": f"{host}:/usr/bin:/bin"}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.replace(f"{host}/", "")


def test_root_runs_it(host: Path) -> None:
    assert run(host, 0, [], "halt", "--reason=it's {{ odd }}") == (
        0,
        "freqops-host itself: halt --reason=it's {{ odd }}",
    )


def test_the_account_that_deploys_runs_it_through_sudo(host: Path) -> None:
    assert run(host, 1000, ["freqops-host"], "halt", "--level=1") == (0, "root runs freqops-host halt --level=1")


def test_an_operator_runs_the_operators_command(host: Path) -> None:
    assert run(host, 1000, ["freqops-operator"], "halt", "--level=1") == (
        0,
        "root runs freqops-operator halt --level=1",
    )
    assert run(host, 1000, ["freqops-operator"], "resume", "alpha")[0] == 1


def test_an_operator_who_could_run_the_other_command_with_a_password(host: Path) -> None:
    """What sudo lists of that account has everything in it, with a password that nobody can give here."""
    assert run(host, 1000, ["freqops-operator"], "status", "--json") == (0, "root runs freqops-operator status --json")


def test_a_host_of_an_older_deploy_has_no_command_for_operators(host: Path) -> None:
    (host / "freqops-operator").unlink()
    assert run(host, 1000, ["freqops-host"], "status") == (0, "root runs freqops-host status")
    assert run(host, 1000, [], "status")[0] == 1
