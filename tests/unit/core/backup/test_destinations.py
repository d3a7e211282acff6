"""Where the files of a snapshot belong: only where their part has a place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from freqops.core.backup import destinations
from freqops.core.base.kinds import Malformed

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("path", "place", "bot", "mode", "directory", "owner"),
    [
        ("state/bots/alpha/conf/holds.json", "bots/alpha/conf/holds.json", "alpha", 0o644, 0o755, 0),
        ("state/removed/alpha.holds.json", "removed/alpha.holds.json", "alpha", 0o644, 0o755, 0),
        ("state/moved/alpha.json", "moved/alpha.json", "alpha", 0o600, 0o700, 0),
        ("state/incidents/one/a.json", "incidents/one/a.json", "", 0o600, 0o700, 0),
        ("registry/strategies_registry.sqlite", "user_data/registry/strategies_registry.sqlite", "", 0o644, 0o755, 0),
        ("releases/bots/alpha/release/f/strategies/a.py", "bots/alpha/release/f/strategies/a.py", "alpha", 0o444,
         0o755, 0),
        ("runs/user_data/runs/1/a", "user_data/runs/1/a", "", 0o644, 0o755, 0),
        ("logs/bots/alpha/var/logs/a", "bots/alpha/var/logs/a", "alpha", 0o644, 0o755, 1000),
        ("logs/user_data/logs/freqops.log", "user_data/logs/freqops.log", "", 0o600, 0o700, 0),
        ("logs/alpha.log", "", "alpha", 0o644, 0o755, 0),
        ("secrets/bots/alpha/conf/secrets.json", "bots/alpha/conf/secrets.json", "alpha", 0o400, 0o755, 1000),
        ("secrets/bots/alpha/lockout/leaked.json", "bots/alpha/lockout/leaked.json", "alpha", 0o400, 0o700, 0),
        ("secrets/postgres/secrets/superuser", "postgres/secrets/superuser", "", 0o400, 0o500, 999),
    ],
)  # fmt: skip
def test_each_file_has_the_place_and_the_rights_that_a_deploy_gives_it(
    path: str, place: str, bot: str, mode: int, directory: int, owner: int
) -> None:
    found = destinations.of(path)
    assert (found.path, found.bot, found.rights) == (place, bot, destinations.Rights(mode, directory, owner))


@pytest.mark.parametrize(
    "path",
    [
        "state/etc/passwd",
        "state/bots/alpha/conf/secrets.json",
        "state/bots/alpha/compose.yml",
        "state/bots/../conf/holds.json",
        "state/bots/Alpha/conf/holds.json",
        "state/bots/alpha/x/conf/holds.json",
        "state/user_data/state",
        "state/incidents/../../etc/passwd",
        "state/removed/..holds.json",
        "state/moved/..json",
        "state/moved/Alpha.json",
        "state/moved/alpha/x.json",
        "state//etc/passwd",
        "state/",
        "state",
        "registry/other.sqlite",
        "registry/../strategies_registry.sqlite",
        "releases/bots/alpha/release/../../../etc/x",
        "runs/user_data/state/override.json",
        "logs/../alpha.log",
        "secrets/backup/keys/local",
        "trades/alpha/database",
        "other/user_data/runs/a",
    ],
)
def test_no_other_path_is_a_place(path: str) -> None:
    with pytest.raises(Malformed, match="is no place of a file of its part"):
        destinations.of(path)


def test_the_user_of_postgres_is_that_of_its_role() -> None:
    said = yaml.safe_load((ROOT / "roles" / "postgres" / "vars" / "main.yml").read_text())
    assert said["__postgres_uid"] == destinations.POSTGRES_UID
