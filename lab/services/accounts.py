"""The accounts that the lab's live bots have at its exchange, and the secrets that deploy brings to all bots."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from lab.base.atomic import write_atomically
from lab.base.paths import SECRETS
from lab.services.control import control

BALANCES = {"USDT": "10000"}
HEADER = "---\n# Written by `python -m lab up`: keys of the lab's own exchange, worth nothing anywhere else.\n"
PRIVATE = 0o600

Fleet = Mapping[str, Mapping[str, Any]]


def account_of(host: str, bot: str) -> str:
    """Return the name of a live bot's account."""
    return f"{host}-{bot}"


def ensure(fleet: Fleet, exchange_url: str) -> None:
    """Open the accounts that are missing, and write the secrets of all bots: of a live one a key that is valid.

    Args:
        fleet: The bots of the lab's hosts.
        exchange_url: Where bots reach the exchange, and post what they tell people.
    """
    known = control("GET", "/accounts")
    present = _present()
    keys = {bot: _key(account_of(host, bot), present.get(bot), known) for host, bot in _live(fleet)}
    notify = {bot: {"webhook": {"url": f"{exchange_url}/sink/{host}-{bot}"}} for host, bot in _talking(fleet)}
    secrets = {"secrets_exchange": keys, "secrets_notify": notify}
    if any(secrets.values()):
        write_atomically(SECRETS, HEADER + yaml.safe_dump(secrets), PRIVATE)
    else:
        SECRETS.unlink(missing_ok=True)  # those of bots that this lab does not have


def reset(host: str, fleet: Fleet) -> None:
    """Cancel what the accounts of a host's bots have open and give them their first balance again."""
    for owner, bot in _live(fleet):
        if owner == host:
            control("POST", f"/accounts/{account_of(host, bot)}/reset", {"balances": BALANCES})


def _live(fleet: Fleet) -> Iterator[tuple[str, str]]:
    for host, variables in fleet.items():
        for bot in variables.get("freqtrade_bots", []):
            if bot["mode"] == "live":
                yield host, bot["name"]


def _talking(fleet: Fleet) -> Iterator[tuple[str, str]]:
    """Give each bot that posts what it tells people."""
    for host, variables in fleet.items():
        for bot in variables.get("freqtrade_bots", []):
            if bot.get("config", {}).get("webhook", {}).get("enabled"):
                yield host, bot["name"]


def _present() -> dict[str, dict[str, str]]:
    if not SECRETS.exists():
        return {}
    return dict(yaml.safe_load(SECRETS.read_text(encoding="utf-8"))["secrets_exchange"])


def _key(account: str, present: dict[str, str] | None, known: list[str]) -> dict[str, str]:
    if account not in known:
        made = control("POST", "/accounts", {"name": account, "balances": BALANCES})
    else:
        valid = [key["api_key"] for key in control("GET", f"/accounts/{account}")["keys"]]
        if present is not None and present["key"] in valid:
            return present
        made = control("POST", f"/accounts/{account}/keys", {})
    return {"key": made["api_key"], "secret": made["secret"]}
