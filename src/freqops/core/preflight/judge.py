"""Every reason why deploy refuses an inventory, found before anything is touched, and all of them at once."""

from __future__ import annotations

from . import bot_limits, config_lint, left_alone, live, machines, names, notify, secrets, shared
from .fleet import Fleet
from .refusal import Refusal


def judge(fleet: Fleet) -> list[Refusal]:
    """Return everything that is wrong with an inventory, in the order of its hosts and bots."""
    rules = (
        names.variables,
        names.images,
        names.bot_entries,
        left_alone.entries,
        machines.addresses,
        shared.names_and_ports,
        shared.databases,
        shared.accounts,
        shared.addresses,
        live.modes,
        bot_limits.values,
        secrets.accounts,
        notify.messengers,
        secrets.in_configurations,
        config_lint.judge,
    )
    found = [refusal for rule in rules for refusal in rule(fleet)]
    order = {host: number for number, host in enumerate(("", *fleet.hosts))}
    return sorted(dict.fromkeys(found), key=lambda refusal: (order[refusal.host], refusal.bot))
