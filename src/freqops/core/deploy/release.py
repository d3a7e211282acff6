"""A release: everything that a bot runs from, under a fingerprint of exactly that.

Image, added packages, configuration, strategies, the files that these read, what they import of freqops, and the
description of the container make the fingerprint. What does not touch the process (coins that are not the bot's, say,
and the limits that its strategy reads again each time) is declared beside it and changes no release.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.errors import FreqopsError
from ..bot import layout, limits, user_files
from ..bot.proxies import WITH_PASSWORD
from .tree import Content

PLACEHOLDER = "@RELEASE@"
FINGERPRINT = re.compile(r"^[0-9a-f]{16}$")
LENGTH = 16
KEPT = 5
CONFIG, COMPOSE, DECLARATION, STRATEGIES = "config.json", "compose.yml", "bot.json", "strategies"
PACKAGE = "python"
PYTHONPATH = f"/freqops/release/{PACKAGE}:/freqops/packages"  # of the bot's container, and where a release is validated
VALIDATED = "validated"
SECRET_NAME = re.compile(
    r"(password|secret|token|key|api_hash|passphrase|url|uid|chat_?id|account_?id|wallet_?address)$", re.IGNORECASE
)  # what Freqtrade itself calls sensitive, and more
HIDDEN = "[not shown]"
LONGEST_SHOWN = 2**14


class ReleaseUnusable(FreqopsError):
    """A release lacks what makes it one."""


@dataclass(frozen=True)
class Release:
    """The release that a bot is to run.

    Attributes:
        fingerprint: Sixteen hexadecimal digits over all that makes a difference to the process.
        files: The texts of its directory, by relative path.
        user_files: The files of the operator in it, by relative path; they may be no text.
    """

    fingerprint: str
    files: dict[str, str]
    user_files: dict[str, bytes] = field(default_factory=dict)


def declaration(bot: Mapping[str, Any], image: str, packages: str) -> dict[str, Any]:
    """Return the declaration of a bot for its host, all but its release; `layout.load_bot` reads it.

    Args:
        bot: An item of ``freqtrade_bots``.
        image: Its image, by digest.
        packages: Mark of the packages that are added to the image.

    Raises:
        Refused: Its limits are none.
    """
    return {
        "name": bot["name"],
        "mode": bot["mode"],
        "api_port": int(bot["api_port"]),
        "image": image,
        "packages": packages,
        "initial_state": bot.get("initial_state", "running"),
        "foreign_holdings": dict(bot.get("foreign_holdings") or {}),
        "foreign_orders": [str(number) for number in bot.get("foreign_orders") or []],
        "breaker_resume": bot.get("breaker_resume", layout.BREAKER_RESUMES[0]),
        "limits": limits.declared(bot).to_json(),
    }


def build(
    declared: Mapping[str, Any],
    config: Mapping[str, Any],
    compose: str,
    strategies: Mapping[str, str],
    package: Mapping[str, str],
    read: Mapping[str, bytes] | None = None,
) -> Release:
    """Return the release of a bot.

    Args:
        declared: As `declaration` makes it.
        config: Its whole configuration, as `bot_config.effective` makes it.
        compose: Its Compose file, with `PLACEHOLDER` where the fingerprint belongs.
        strategies: The files of its strategy, by path.
        package: The part of freqops that these import, as `strategy_package.files` gives it.
        read: The files of the operator that these read, by path.

    Raises:
        ReleaseUnusable: The Compose file does not name the release, or there is no strategy.
    """
    if PLACEHOLDER not in compose:
        raise ReleaseUnusable(f"its {COMPOSE} does not name its release")
    if not strategies:
        raise ReleaseUnusable("no strategy files")
    covered = {
        "image": declared["image"],
        "packages": declared["packages"],
        CONFIG: config,
        COMPOSE: compose,
        STRATEGIES: dict(strategies),
        PACKAGE: dict(package),
    }
    if read:  # the fingerprint of a bot without them is as it was before there were any
        covered[user_files.DIRECTORY] = {name: _digest(content) for name, content in read.items()}
    text = json.dumps(covered, sort_keys=True, separators=(",", ":"))
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
    files = {
        CONFIG: _json(config),
        COMPOSE: compose.replace(PLACEHOLDER, fingerprint),
        DECLARATION: _json({**declared, "release": fingerprint}),
        **{f"{STRATEGIES}/{name}": text for name, text in strategies.items()},
        **{f"{PACKAGE}/{name}": text for name, text in package.items()},
    }
    given = {f"{user_files.DIRECTORY}/{name}": content for name, content in (read or {}).items()}
    return Release(fingerprint, files, given)


def shown(name: str, content: Content) -> str:
    """Return a release's file as a diff may show it.

    A configuration is shown without what looks like a secret, and what is no short text as its size and its digest.
    """
    if isinstance(content, bytes):
        return _short(content)
    if name != CONFIG:
        return content
    try:
        return _json(without_secrets(json.loads(content)))
    except (ValueError, RecursionError):
        return f"{HIDDEN}: it is no JSON\n"


def without_secrets(value: Any) -> Any:
    """Return a value; what is called like a secret, and an address with a password, is hidden wherever it stands."""
    if isinstance(value, str) and WITH_PASSWORD.match(value):
        return HIDDEN
    if isinstance(value, dict):
        return {
            key: HIDDEN if SECRET_NAME.search(str(key)) and not isinstance(item, dict) else without_secrets(item)
            for key, item in value.items()
        }
    return [without_secrets(item) for item in value] if isinstance(value, list) else value


def _short(content: bytes) -> str:
    try:
        text = content[: LONGEST_SHOWN + 1].decode()
    except UnicodeDecodeError:
        text = "\0"
    if len(content) <= LONGEST_SHOWN and "".join(text.split()).isprintable():
        return text
    return f"{len(content)} bytes, sha256 {_digest(content)}\n"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"
