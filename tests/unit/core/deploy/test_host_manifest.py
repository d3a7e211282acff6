"""Nothing to do is said only where everything was read back and is the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from freqops.core.deploy import host_manifest
from tests.unit.fakes import make_bot


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A host with one bot, and a file of each kind that a deploy writes."""
    root = tmp_path / "srv/freqops"
    home = make_bot(root)
    for path in (
        "usr/local/bin/freqops-host",
        "etc/sudoers.d/freqops",
        "etc/systemd/system/freqops-reassert.timer",
        "etc/docker/daemon.json",
        "etc/freqops/firewall.nft",
        "srv/freqops/postgres/compose.yml",
        "srv/freqops/packages/mark/psycopg2/__init__.py",
    ):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    (home / "compose.yml").write_text("compose")
    return tmp_path


def taken(system: Path, wanted: str = "w", host_wanted: str = "g") -> host_manifest.Manifest:
    return host_manifest.taken(wanted, host_wanted, system / "srv/freqops", system)


def test_a_host_as_it_was_left_has_nothing_to_do(system: Path) -> None:
    root = system / "srv/freqops"
    host_manifest.store(taken(system), root)
    assert host_manifest.differences(host_manifest.load(root), taken(system)) == []


def _linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/null")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a word in a file": lambda system: (system / "etc/sudoers.d/freqops").write_text("ops ALL=(ALL) ALL"),
    "a mode": lambda system: (system / "srv/freqops/bots/alpha/conf/secrets.json").chmod(0o640),
    "a file that is gone": lambda system: (system / "etc/freqops/firewall.nft").unlink(),
    "a file that is new": lambda system: (system / "etc/systemd/system/freqops-other.timer").touch(),
    "a strategy that runs": lambda system: (system / "srv/freqops/bots/alpha/release/f00/config.json").write_text("[]"),
    "a package": lambda system: (system / "srv/freqops/packages/mark/psycopg2/__init__.py").write_text("import os"),
    "a link in place of a file": lambda system: _linked(system / "etc/docker/daemon.json"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_differs_is_named(system: Path, name: str) -> None:
    before = taken(system)
    CHANGES[name](system)
    assert len(host_manifest.differences(before, taken(system))) == 1


def test_another_wish_differs(system: Path) -> None:
    assert host_manifest.differences(taken(system), taken(system, "other")) == [
        "what the inventory wants differs from what was deployed"
    ]


def test_the_host_itself_differs_only_where_its_own_files_or_inputs_do(system: Path) -> None:
    root, before = system / "srv/freqops", taken(system)
    (root / "bots/alpha/compose.yml").write_text("another")
    (root / "packages/mark/psycopg2/__init__.py").write_text("import sys")
    assert host_manifest.host_differs(before, taken(system, "other"), root) is False
    assert host_manifest.host_differs(before, taken(system, "w", "other"), root) is True
    assert host_manifest.host_differs(None, taken(system), root) is True
    (system / "etc/sudoers.d/freqops").write_text("other")
    assert host_manifest.host_differs(before, taken(system), root) is True


def test_repositories_of_backups_are_the_hosts_own(system: Path) -> None:
    root = system / "srv/freqops"
    (root / "backup").mkdir()
    (root / "backup/repositories.json").write_text("[]")
    before = taken(system)
    (root / "backup/repositories.json").write_text("[1]")
    assert host_manifest.host_differs(before, taken(system), root) is True


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2, "wanted": "w", "ground": "g", "files": {}}', '{"version": 1}']
)
def test_a_manifest_that_cannot_be_read_says_nothing(system: Path, text: str) -> None:
    root = system / "srv/freqops"
    (root / host_manifest.FILE).write_text(text)
    assert host_manifest.differences(host_manifest.load(root), taken(system)) == ["no deploy has succeeded here yet"]


def test_what_bots_and_holds_write_is_no_difference(system: Path) -> None:
    before = taken(system)
    home = system / "srv/freqops/bots/alpha"
    (home / "var/trades.sqlite").write_text("a line")
    (home / "conf/state.json").write_text("{}")
    (home / "conf/holds.json").write_text("{}")
    assert host_manifest.differences(before, taken(system)) == []
