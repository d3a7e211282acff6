# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the pinned image: would Freqtrade trade with this release?

``freqtrade show-config`` accepts nearly everything and ends with 0, so Freqtrade's own functions are called, in the
order in which a trading bot calls them. A configuration that it refuses is printed whole by Freqtrade, secrets and all:
hence this container gets no secrets but made-up ones of the same shape, and only the reason leaves it.

What Freqtrade accepts and ignores is found, too: keys that neither its schema nor its sources nor the strategy know,
and values of a kind that the schema does not want. So is what it would run with and the release does not say: by the
release freqops judges a bot and asks its exchange. Both leave as lines of JSON after `freqops-lint: `, places and kinds
without values; `config_lint.py` of freqops makes sentences of them. What is no reason to refuse a release leaves after
`freqops-remark: `, for `cautions.py`: among it what the bot would trade by where configuration and strategy both have
a say, and whose word that is; and, for its trading fingerprint, the configuration that was built.
"""

import faulthandler
import importlib
import json
import logging
import os
import sys
import traceback
from collections.abc import Collection
from pathlib import Path
from typing import Any

from freqops_validation import place
from freqops_validation.blame import broken, raised
from freqops_validation.built import Built
from freqops_validation.lint import Lint
from freqops_validation.place import LONGEST, Finding
from freqtrade.config_schema import CONF_SCHEMA
from freqtrade.exceptions import FreqtradeException
from freqtrade.strategy import IStrategy

SECRETS = Path("/tmp/secrets.json")  # noqa: S108  the container's own
STATE = Path("/tmp/state.json")  # noqa: S108  as above
DRIVERS = {"postgresql": ("postgresql+psycopg2://a:b@postgres/c", "psycopg2"), "sqlite": ("sqlite://", "sqlite3")}
LONGEST_SECONDS = 600  # a strategy whose import never ends, or that waits for a network, would hang the deploy
MARK, CAUTION = "freqops-lint: ", "freqops-remark: "
GATE = ("freqops.strategy.entry_gate", "EntryGate")


def messengers(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return made-up secrets for the messengers that a configuration has, as the real ones are laid over it."""
    token = {"token": f"{'1' * 9}:{'0' * 35}", "chat_id": "1"}
    shapes: dict[str, dict[str, Any]] = {
        "telegram": token,
        "webhook": {"url": "https://192.0.2.1/0"},
        "discord": {"webhook_url": "https://192.0.2.1/0"},
    }
    given = {name: config[name] for name in shapes if isinstance(config.get(name), dict)}
    made_up = {name: shape for name, shape in shapes.items() if name in given and given[name].get("enabled")}
    if "telegram" in given:
        unsaid = {key: "" for key in token if key not in given["telegram"]}
        made_up.setdefault("telegram", unsaid)
    return {name: shape for name, shape in made_up.items() if shape}


def overlays(database: str, config: dict[str, Any]) -> list[Path]:
    """Write overlays of the shape that the real ones have, and return them in their order."""
    api = dict.fromkeys(("password", "jwt_secret_key", "ws_token"), "0" * 43)
    secrets: dict[str, Any] = {"api_server": {"username": "freqops", **api}, "db_url": DRIVERS[database][0]}
    if not config["dry_run"]:
        secrets["exchange"] = dict.fromkeys(("key", "secret"), "0" * 43)
    SECRETS.write_text(json.dumps({**secrets, **messengers(config)}))
    STATE.write_text(json.dumps({"initial_state": "paused"}))
    return [SECRETS, STATE]


def validate(database: str) -> Built:
    """Return what would trade, or raise what Freqtrade raises."""
    os.environ.pop("FT_APP_ENV", None)  # else Freqtrade tries sudo here, and what sudo says buries the reason
    config_file = place.RELEASE / "config.json"
    made_up = overlays(database, json.loads(config_file.read_text()))
    return Built([config_file, *made_up])


def without_driver(database: str) -> list[Finding]:
    """Return the driver of its database where this image cannot load it: added packages are for one Python."""
    module = DRIVERS[database][1]
    try:
        importlib.import_module(module)
    except ImportError as error:
        why = f"{type(error).__name__}: {str(error)[:LONGEST]}"
        python = "{}.{}".format(*sys.version_info)
        return [{"path": [], "kind": "driver", "module": module, "python": python, "why": why}]
    return []


def cautions(strategy: IStrategy) -> list[Finding]:
    """Return what the operator of a live bot should know: that its strategy may buy more while the bot is held."""
    own = type(strategy).adjust_trade_position is not IStrategy.adjust_trade_position
    increases = strategy.position_adjustment_enable or own
    if strategy.config["dry_run"] or has_gate(strategy) or not increases:
        return []
    return [{"kind": "ungated", "strategy": strategy.get_strategy_name()}]


def has_gate(strategy: IStrategy) -> bool:
    """Whether a strategy is behind the entry gate."""
    return any((base.__module__, base.__name__) == GATE for base in type(strategy).__mro__)


def without_gate(strategy: IStrategy) -> list[Finding]:
    """Return the limits of the release to which nothing would keep: they act through the entry gate."""
    limits = json.loads((place.RELEASE / "bot.json").read_text()).get("limits", {})
    names = [name for name, value in limits.items() if name != "version" and value is not None]
    if not names or has_gate(strategy):
        return []
    return [{"path": [], "kind": "no_gate", "strategy": strategy.get_strategy_name(), "names": sorted(names)}]


def ignored(known: Collection[str]) -> list[Finding]:
    """Return what the configuration of the release says in vain, and what only its strategy names."""
    config = json.loads((place.RELEASE / "config.json").read_text())
    return Lint(CONF_SCHEMA, place.RELEASE / "strategies", known).look(config)


def report(found: list[Finding]) -> None:
    """Print findings on one line, where there are any."""
    if found:
        sys.stderr.write(f"{MARK}{json.dumps(found)}\n")


def main() -> int:
    """Say who would trade and end with 0, or say why not and end with 1.

    What takes too long ends with 1, too, and with the lines in which it was.
    """
    faulthandler.dump_traceback_later(LONGEST_SECONDS, exit=True)
    logging.disable(logging.CRITICAL)
    database, *known = sys.argv[1:]
    found = ignored(known)
    named = [finding for finding in found if finding["kind"] == "named"]
    found = [finding for finding in found if finding not in named]
    report(found)
    try:
        built = validate(database)
        strategy = built.strategy
        differences = [*built.differences(), *without_gate(strategy), *without_driver(database)]
        said = [*cautions(strategy), *named, built.effective(), *built.trading()]
    except FreqtradeException as error:
        report(broken())
        sys.stderr.write(f"Freqtrade refuses this release: {str(error)[:LONGEST]}\n")
        return 1
    except Exception as error:  # noqa: BLE001  a strategy may raise anything at all
        report(raised(error))
        sys.stderr.write("Freqtrade fails on this release: " + traceback.format_exc(limit=-3)[-LONGEST:])
        return 1
    report(differences)
    if found or differences:
        return 1
    sys.stderr.writelines(f"{CAUTION}{json.dumps(caution)}\n" for caution in said)
    sys.stdout.write(f"{strategy.get_strategy_name()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
