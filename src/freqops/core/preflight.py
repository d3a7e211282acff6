"""Every reason why deploy refuses an inventory, found before anything is touched, and all of them at once."""

from __future__ import annotations

from . import (
    config_lint,
    preflight_live,
    preflight_names,
    preflight_secrets,
    preflight_shared,
)
from .preflight_fleet import Fleet
from .refusal import Refusal


def judge(fleet: Fleet) -> list[Refusal]:
    """Return everything that is wrong with an inventory, in the order of its hosts and bots."""
    rules = (
        preflight_names.variables,
        preflight_names.images,
        preflight_names.bot_entries,
        preflight_shared.names_and_ports,
        preflight_shared.databases,
        preflight_shared.accounts,
        preflight_shared.addresses,
        preflight_live.modes,
        preflight_secrets.accounts,
        preflight_secrets.in_configurations,
        config_lint.judge,
    )
    found = [refusal for rule in rules for refusal in rule(fleet)]
    order = {host: number for number, host in enumerate(("", *fleet.hosts))}
    return sorted(dict.fromkeys(found), key=lambda refusal: (order[refusal.host], refusal.bot))
