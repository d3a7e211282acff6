"""The changed scenario changes every variable of every role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.support.every_setting import bots, values
from tests.support.field import ROOT


def options(role: str) -> dict[str, Any]:
    """Return what a role accepts."""
    spec = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text())
    return dict(spec["argument_specs"]["main"]["options"])


def test_every_variable_of_every_role_has_another_value_in_the_changed_scenario(tmp_path: Path) -> None:
    changed = values(tmp_path)
    # Lists that the lab needs, with more in them; images; and what the lab's accounts are made for.
    elsewhere = {"docker_insecure_registries", "docker_address_pools", "freqtrade_bots", "freqtrade_config"}
    elsewhere |= {"secrets_exchange", "secrets_notify", "freqtrade_image", "postgres_image"}
    elsewhere |= {"host_differs", "docker_differs", "backup_differs"}  # a deploy concludes these
    elsewhere |= {"repositories_address", "repositories_port", "repositories_at"}  # no deploy has this role
    elsewhere |= set(options("schedule"))  # nor this one
    declared = {
        name: option for path in sorted((ROOT / "roles").iterdir()) for name, option in options(path.name).items()
    }
    assert set(changed) == set(declared) - elsewhere
    assert [name for name, value in changed.items() if declared[name].get("default") == value] == []
    settings = {key for bot in bots(tmp_path, "an image") for key in bot}
    assert settings == set(declared["freqtrade_bots"]["options"])
