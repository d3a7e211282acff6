"""An operator whose account becomes root with a password only, and halts without one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.field import Field, play

HOST, ACCOUNT = "prod-1", "careful"
AS_THIS = ("--limit", HOST, "-e", f"ansible_user={ACCOUNT}")


@pytest.fixture(scope="module")
def password(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file with the password of an account that sudo knows like any other of its group, and freqops as operator."""
    host, word = Field(HOST, "gamma"), secrets.token_urlsafe(16)
    host.sh(f"useradd --create-home --shell /bin/bash --groups sudo,freqops-operators {ACCOUNT}")
    try:
        host.sh(f"install -d -m 0700 -o {ACCOUNT} /home/{ACCOUNT}/.ssh")
        host.sh(f"install -m 0600 -o {ACCOUNT} /home/ops/.ssh/authorized_keys /home/{ACCOUNT}/.ssh/authorized_keys")
        done = host.host.run("sudo chpasswd", stdin=f"{ACCOUNT}:{word}\n")
        assert done.rc == 0, done.err
        file = tmp_path_factory.mktemp("sudo") / "password"
        file.write_text(word)
        yield file
    finally:
        host.sh(f"userdel --force --remove {ACCOUNT} 2>&1")


def test_with_it_a_deploy_with_nothing_to_do_ends_after_one_question(password: Path) -> None:
    done = play("deploy", *AS_THIS, "--become-password-file", str(password))
    assert done.rc == 0, done.out
    assert "changed=0" in done.out
    assert "Look at the host" not in done.out


def test_without_it_a_deploy_is_refused_and_a_halt_is_not(password: Path) -> None:
    done = play("deploy", *AS_THIS)
    assert done.rc != 0
    assert "sudo" in done.out
    halted = play("killswitch", *AS_THIS, "-e", "level=1", "-e", "bots=gamma", "-e", "reason=no password at hand")
    Field(HOST, "gamma").ready()
    assert halted.rc == 0, halted.out
    assert "ALL PROVEN" in halted.out
