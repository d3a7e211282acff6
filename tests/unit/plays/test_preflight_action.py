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

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (home / "hosts.yml").write_text(HOSTS)
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
