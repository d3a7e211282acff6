# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the pinned image: would Freqtrade trade with this release?

``freqtrade show-config`` accepts nearly everything and ends with 0, so Freqtrade's own functions are called, in the
order in which a trading bot calls them. A configuration that it refuses is printed whole by Freqtrade, secrets and all:
hence this container gets no secrets but made-up ones of the same shape, and only the reason leaves it.
"""

import importlib
import json
import logging
import os
import sys
import traceback
from pathlib import Path

from freqtrade.configuration import Configuration, validate_config_consistency
from freqtrade.enums import RunMode
from freqtrade.exceptions import FreqtradeException
from freqtrade.resolvers import StrategyResolver

RELEASE = Path("/freqops/release")
SECRETS = Path("/tmp/secrets.json")  # noqa: S108  the container's own
DRIVERS = {"postgresql": ("postgresql+psycopg2://a:b@postgres/c", "psycopg2"), "sqlite": ("sqlite://", "sqlite3")}
LONGEST = 500


def made_up_secrets(database: str) -> None:
    """Write an overlay of the shape that the real one has."""
    api = dict.fromkeys(("password", "jwt_secret_key", "ws_token"), "0" * 43)
    overlay = {"api_server": {"username": "freqops", **api}, "db_url": DRIVERS[database][0]}
    SECRETS.write_text(json.dumps(overlay))


def validate(database: str) -> str:
    """Return the name of the strategy that would trade, or raise what Freqtrade raises."""
    os.environ.pop("FT_APP_ENV", None)  # else Freqtrade tries sudo here, and what sudo says buries the reason
    made_up_secrets(database)
    config_file = RELEASE / "config.json"
    mode = RunMode.DRY_RUN if json.loads(config_file.read_text())["dry_run"] else RunMode.LIVE
    arguments = {
        "command": "trade",
        "config": [str(config_file), str(SECRETS)],
        "strategy_path": str(RELEASE / "strategies"),
        "user_data_dir": "/tmp",  # noqa: S108
        "logfile": "/tmp/validation.log",  # noqa: S108
    }
    config = Configuration(arguments, mode).get_config()
    strategy = StrategyResolver.load_strategy(config)
    validate_config_consistency(config)
    importlib.import_module(DRIVERS[database][1])
    return str(strategy.get_strategy_name())


def main() -> int:
    """Say who would trade and end with 0, or say why not and end with 1."""
    logging.disable(logging.CRITICAL)
    try:
        name = validate(sys.argv[1])
    except FreqtradeException as error:
        sys.stderr.write(f"Freqtrade refuses this release: {str(error)[:LONGEST]}\n")
        return 1
    except Exception:  # noqa: BLE001  a strategy may raise anything at all
        sys.stderr.write("Freqtrade fails on this release: " + traceback.format_exc(limit=-3)[-LONGEST:])
        return 1
    sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
