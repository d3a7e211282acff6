"""Secrets that every play would need, and files of secrets that everybody may read."""

from __future__ import annotations

from pathlib import Path

import pytest

from freqops.plays import inventory_files

VAULT = "$ANSIBLE_VAULT;1.1;AES256\n61626364\n"


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """Return an inventory with everything in its place."""
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "host_vars" / "paper-1").mkdir(parents=True)
    (tmp_path / "hosts.yml").write_text("paper: {hosts: {paper-1: {}}}\n")
    (tmp_path / "group_vars" / "all.yml").write_text("# secrets_exchange: belongs elsewhere\nfreqtrade_config: {}\n")
    (tmp_path / "secrets.yml").write_text("secrets_exchange: {}\n")
    (tmp_path / "secrets.yml.example").write_text("secrets_exchange: {}\n")
    (tmp_path / "secrets.yml").chmod(0o600)
    return tmp_path


def judged(inventory: Path) -> list[str]:
    return [refusal.line.replace(f"{inventory}/", "") for refusal in inventory_files.judge([inventory])]


def test_an_inventory_in_order_is_accepted(inventory: Path) -> None:
    assert judged(inventory) == []
    assert list(inventory_files.judge([inventory / "hosts.yml"])) == []


@pytest.mark.parametrize("name", ["group_vars/all.yml", "host_vars/paper-1/more.yml", "group_vars/prod"])
def test_an_encrypted_file_that_every_play_reads_is_refused(inventory: Path, name: str) -> None:
    (inventory / name).write_text(VAULT)
    assert judged(inventory) == [
        (
            f"inventory: {name} is encrypted, so every play needs its password; move what is secret into secrets.yml "
            "beside it: no halt loads that"
        )
    ]


@pytest.mark.parametrize("secrets", ["secrets_exchange", "secrets_notify"])
@pytest.mark.parametrize("name", ["group_vars/all.yml", "hosts.yml"])
def test_accounts_that_every_play_reads_are_refused(inventory: Path, name: str, secrets: str) -> None:
    with (inventory / name).open("a") as file:
        file.write(f"more:\n  {secrets}: {{alpha: {{key: a-word-that-nobody-may-see}}}}\n")
    [line] = judged(inventory)
    number = (inventory / name).read_text().splitlines().index("more:") + 2
    assert line == (
        f"inventory: {secrets} stands where every play reads it; it belongs in secrets.yml beside the "
        f"inventory's hosts, which no halt loads [{name}:{number}]"
    )


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_an_open_file_of_secrets_is_refused(inventory: Path, mode: int) -> None:
    (inventory / "secrets.yml").chmod(mode)
    assert judged(inventory) == [
        (
            f"inventory: secrets.yml is not encrypted and has mode {mode:04o}; chmod 600 secrets.yml, and better: "
            "ansible-vault encrypt secrets.yml"
        )
    ]


def test_an_encrypted_file_of_secrets_may_be_read_by_all(inventory: Path) -> None:
    (inventory / "secrets.yml").write_text(VAULT)
    (inventory / "secrets.yml").chmod(0o644)
    assert judged(inventory) == []
