"""The fixed list of the security check: each item with its meaning, its threshold and its cure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

KEY_AGE_DAYS = 180
KEY_END_DAYS = 14
CLOCK_SECONDS = 1.0
LISTS_DAYS = 3
PASSWORD_LENGTH = 20
LIVE_BOT, BOT, HOST, FLEET = "live bot", "bot", "host", "fleet"
LIVE = "live"


@dataclass(frozen=True)
class Item:
    """One item of the list.

    Attributes:
        name: Its name.
        of: Whose it is: each bot that trades live, each bot, each host, or the whole fleet.
        means: What is so where it is ok.
        threshold: The figure or the rule by which it is judged.
        cure: What to do where it is not ok.
        attested: Whether a person may say it where no machine sees it.
        waived: Whether a waiver lets it pass.
        afar: Whether only the control node sees it.
    """

    name: str
    of: str
    means: str
    threshold: str
    cure: str
    attested: bool = False
    waived: bool = False
    afar: bool = False


KEY_RIGHTS, KEY_BOUND, KEY_AGE, KEY_END = "key_rights", "key_bound", "key_age", "key_end"
ACCOUNT_UNIQUE, TWO_FACTORS, TELEGRAM = "account_unique", "2fa_exchange", "2fa_telegram"
PASSWORDS, BOT_FILES, CLOCK, HOST_FILES = "passwords", "bot_files", "clock", "host_files"
POSTGRES_PASSWORD, IMAGES, UPDATES, KERNEL = "postgres_password", "images", "updates", "kernel"
REACHABLE_PORTS, HISTORY, SECRETS = "reachable_ports", "inventory_history", "inventory_secrets"

ITEMS = (
    Item(KEY_RIGHTS, LIVE_BOT, "its key may read and trade, and nothing else", "no right but reading and spot trading",
         "make another key at the exchange with reading and spot trading alone, then lockout.yml -e what=exchange",
         attested=True),
    Item(KEY_BOUND, LIVE_BOT, "its key is bound to addresses, and this host's is one of them", "bound",
         "restrict the key to this host's address at the exchange", attested=True),
    Item(KEY_AGE, LIVE_BOT, "its key is young enough", f"at most {KEY_AGE_DAYS} days",
         "make another key at the exchange, then lockout.yml -e what=exchange", attested=True),
    Item(KEY_END, LIVE_BOT, "its key does not end soon", f"none, or in at least {KEY_END_DAYS} days",
         "renew the key at the exchange, or bind it to this host's address", attested=True),
    Item(ACCOUNT_UNIQUE, LIVE_BOT, "no other bot of the fleet trades on its account", "one bot for each account",
         "give the bot a key of an account, or sub-account, of its own", attested=True),
    Item(TWO_FACTORS, LIVE_BOT, "whoever logs in at the exchange needs a second factor", "attested, with an end",
         "switch it on, and say so in security_attestations", attested=True),
    Item(TELEGRAM, BOT, "the Telegram account that commands the bot needs a second factor", "attested, with an end",
         "switch two-step verification on, and say so in security_attestations", attested=True),
    Item(PASSWORDS, BOT, "its passwords are long, and none of those that everybody knows",
         f"at least {PASSWORD_LENGTH} characters", "lockout.yml -e what=api gives it others; for that of its database,"
         " take db_url out of its secrets.json and deploy.yml"),
    Item(BOT_FILES, BOT, "nobody but root and the bot reads its secrets, and nobody but root changes its files",
         "owner and mode as deploy.yml lays them", "chown and chmod as the line says, or deploy.yml"),
    Item(CLOCK, HOST, "the clock of the host is that of the exchange", f"at most {CLOCK_SECONDS:g} s apart",
         "look at 'chronyc tracking' on the host, and at the clock of the machine below", waived=True),
    Item(HOST_FILES, HOST, "nobody but root changes what runs as root, or reads the keys of the host",
         "owner and mode as deploy.yml lays them", "chown and chmod as the line says, or deploy.yml"),
    Item(POSTGRES_PASSWORD, HOST, "the password of Postgres is long, and none of those that everybody knows",
         f"at least {PASSWORD_LENGTH} characters", "remove postgres/secrets/superuser, and deploy.yml"),
    Item(IMAGES, HOST, "every container that runs was made from a digest", "a digest, and the image of it",
         "name the image by its digest, and make the container again; for a bot: deploy.yml"),
    Item(UPDATES, HOST, "no update of engine or kernel waits", f"none, by package lists of the last {LISTS_DAYS} days",
         "apt-get update && apt-get upgrade on the host, while its bots are held", waived=True),
    Item(KERNEL, HOST, "the newest kernel that is installed runs", "the newest", "reboot the host", waived=True),
    Item(REACHABLE_PORTS, HOST, "nothing answers from here but SSH and what the inventory opens",
         "host_ssh_ports and host_open_ports", "close the port, or say it in host_open_ports; host_firewall: true"
         " closes all others", waived=True, afar=True),
    Item(HISTORY, FLEET, "no commit of the inventory's repository has a secret", "none in any commit of any branch",
         "replace the secret wherever it opens something (lockout.yml), then say so in security_waivers with its mark",
         waived=True, afar=True),
    Item(SECRETS, FLEET, "no file of secrets is in the inventory's repository unencrypted", "encrypted, or not tracked",
         "ansible-vault encrypt it, or git rm --cached it and name it in .gitignore; then replace what it says",
         afar=True),
)  # fmt: skip
BY_NAME: Mapping[str, Item] = {item.name: item for item in ITEMS}
ATTESTED = tuple(item.name for item in ITEMS if item.attested)
WAIVED = tuple(item.name for item in ITEMS if item.waived)


def of_host(bots: Mapping[str, str], *, afar: bool) -> Iterator[tuple[str, str]]:
    """Yield each item that a host must have a row for, with the bot that it is about; empty for the host itself.

    Args:
        bots: The mode of each bot.
        afar: Whether what only the control node sees is among them.
    """
    for item in ITEMS:
        if item.afar and not afar:
            continue
        if item.of == HOST:
            yield item.name, ""
        elif item.of in (BOT, LIVE_BOT):
            yield from ((item.name, bot) for bot, mode in sorted(bots.items()) if item.of == BOT or mode == LIVE)


def of_fleet() -> Iterator[tuple[str, str]]:
    """Yield each item that the whole fleet must have a row for."""
    return ((item.name, "") for item in ITEMS if item.of == FLEET)
