"""The judgement of an inventory before any host is asked, with the line on which each mistake stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from action_plugins import freqops_preflight
from tests.unit.plays.test_preflight import hostvars

HOSTS = """---
all:
  hosts:
    paper-1:
      freqtrade_memory: huge
      backup_repositories:
        - {name: local, url: /srv/freqops/backup/local}
        - name: vault
          at: vault-1
          keep_days: "7"
        - {name: vault, at: vault-2}
        - {name: other, at: vault-1}
      backup_environments: canary-of-a-secret
    vault-1: {}
    vault-2: {}
"""
ENTRY, KEEPERS = "paper-1: backup_repositories", "hosts of group repositories are vault-1"
WHOLE = "it must be a whole number, without quotes"
REPOSITORIES = [
    f"{ENTRY}[1]: vault: keep_days: '7' is not a whole number; {WHOLE} [hosts.yml:10]",
    f"{ENTRY}[2]: vault: at is vault-2, which keeps no repositories; {KEEPERS} [hosts.yml:11]",
]


class Judge:
    """The action on an inventory, and what it showed."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, hosts: str = HOSTS) -> None:
        (home / "hosts.yml").write_text(hosts)
        monkeypatch.chdir(home)
        self.lines: list[str] = []
        self.given: dict[str, Any] = {}
        found = hostvars(home)
        action = freqops_preflight.ActionModule
        monkeypatch.setattr(freqops_preflight, "show", lambda lines, _colour: self.lines.extend(lines))
        monkeypatch.setattr(action, "argument", lambda _self, name: self.given.get(name))
        monkeypatch.setattr(action, "hostvars", found)
        monkeypatch.setattr(action, "_secrets", lambda *_: ({}, []))
        self._action = action.__new__(action)
        groups = {"all": ["paper-1", "vault-1", "vault-2"], "repositories": ["vault-1"]}
        sources = [str(home / "hosts.yml")]
        self._action.variables = {"ansible_inventory_sources": sources, "groups": groups, "hostvars": found}

    @property
    def variables(self) -> dict[str, Any]:
        """The variables of the play."""
        found: dict[str, Any] = self._action.variables
        return found

    def __call__(self, **given: Any) -> dict[str, Any]:
        self.given = given
        return self._action.act()


@pytest.fixture
def judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    return Judge(tmp_path, monkeypatch)


def test_repositories_are_judged_with_the_whole_inventory(judge: Judge) -> None:
    assert judge()["failed"] is True
    assert [line for line in judge.lines if "backup" in line] == REPOSITORIES
    assert any("freqtrade_memory" in line for line in judge.lines)
    assert "canary" not in str(judge.lines)


def test_or_alone(judge: Judge) -> None:
    done = judge(repositories_alone=True)
    assert done == {"failed": True, "msg": "REFUSED, nothing was touched: 2 reasons, one on each line above"}
    assert judge.lines == REPOSITORIES


BOTS = """---
all:
  hosts:
    paper-1:
      freqtrade_bots:
        - name: alpha
          mode: paper
          api_port: 8081
          strategy: S
          strategy_dir: mine
          user_files: read
        - name: beta
          mode: paper
          api_port: 8082
          strategy: S
          freqtrade_image: freqtradeorg/freqtrade:stable
    vault-1: {}
    vault-2: {}
"""


def test_files_and_image_of_each_bot_are_judged_with_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge(tmp_path, monkeypatch, BOTS)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "S.py").write_bytes(b"\xff")
    assert judge()["failed"] is True
    said = [line for line in judge.lines if "alpha" in line or "beta" in line]
    assert sorted(said) == [
        f"paper-1 alpha: strategy_dir: {tmp_path}/mine/S.py is no text; write it in UTF-8 [hosts.yml:10]",
        (
            f"paper-1 alpha: user_files: no files in {tmp_path}/read; lead user_files to a directory that has some, or "
            "leave it out [hosts.yml:11]"
        ),
        (
            "paper-1 beta: freqtrade_image is 'freqtradeorg/freqtrade:stable'; name the image by its digest: "
            "name@sha256:… [hosts.yml:16]"
        ),
    ]
    (tmp_path / "mine" / "S.py").write_text("class S: pass")
    (tmp_path / "read").mkdir()
    (tmp_path / "read" / "levels.bin").write_bytes(b"\xff")
    judge.lines.clear()
    judge()
    assert not [line for line in judge.lines if "alpha" in line]


TOLD = """---
all:
  hosts:
    paper-1:
      probe: {telegram_tokens: {alpha: {mark: m, enabled: true}}}
      freqtrade_bots: [{name: alpha, mode: paper, api_port: 1, strategy: S, config: {telegram: {enabled: true}}}]
    vault-1:
      probe: {telegram_tokens: {beta: {mark: m, enabled: true}}}
      freqtrade_bots: [{name: beta, mode: paper, api_port: 1, strategy: S, config: {telegram: {enabled: true}}}]
    vault-2: {}
"""


def test_tokens_that_the_probes_found_are_compared_over_all_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge(tmp_path, monkeypatch, TOLD)
    judge.variables["ansible_play_hosts"] = ["paper-1", "vault-1"]
    assert judge(probes="probe")["failed"] is True
    [line] = [line for line in judge.lines if "Telegram" in line]
    assert line.startswith(
        "vault-1 beta: its Telegram token in its file of secrets on the host is that of alpha on paper-1,"
    )
