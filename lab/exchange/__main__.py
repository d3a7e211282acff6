"""Run the exchange: `python3 -m lab.exchange --state FILE`."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lab.exchange.core import open_exchange
from lab.exchange.errors import BinanceError
from lab.exchange.feed import SeedError
from lab.exchange.scripts import ScriptError
from lab.exchange.server import Address, serve
from lab.exchange.store import StateError

if TYPE_CHECKING:
    from lab.exchange.core import Exchange


def main() -> int:
    """Parse the command line and serve."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        exchange = open_exchange(options.state, options.seed)
        if options.path:
            _follow(exchange, options.path)
    except (SeedError, StateError, ScriptError, BinanceError, OSError) as error:
        sys.stderr.write(f"lab.exchange: {error}\n")
        return 2
    asyncio.run(
        serve(exchange, Address(options.listen, options.port), Address(options.control_listen, options.control_port))
    )
    exchange.store.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m lab.exchange", description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1", help="address of the exchange (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port of the exchange (default: %(default)s)")
    parser.add_argument(
        "--control-listen", default="127.0.0.1", help="address of the operator's port, which asks for no password"
    )
    parser.add_argument("--control-port", type=int, default=8081, help="the operator's port (default: %(default)s)")
    parser.add_argument("--state", type=Path, required=True, help="SQLite file; created if it is not there")
    parser.add_argument("--seed", type=int, help="seed of the prices; a state file keeps its own (default: 1)")
    parser.add_argument(
        "--path", type=Path, help='JSON file of price scripts: {"BTCUSDT": {"points": [[0, 65000]], "mode": "linear"}}'
    )
    return parser


def _follow(exchange: Exchange, file: Path) -> None:
    """Set the scripts of a file, once: a restart with the same file goes on where it was."""
    text = file.read_text()
    digest = hashlib.sha256(text.encode()).hexdigest()
    if exchange.store.get("path_file") == digest:
        return
    try:
        scripts = json.loads(text)
    except ValueError as error:
        raise ScriptError(f"{file} is not JSON: {error}") from error
    if not isinstance(scripts, dict) or not all(isinstance(body, dict) for body in scripts.values()):
        raise ScriptError(f'{file} must look like {{"BTCUSDT": {{"points": [[0, 65000]]}}}}')
    for symbol, body in scripts.items():
        exchange.feed.set_script(symbol, body)
    exchange.store.put("path_file", digest)


if __name__ == "__main__":
    sys.exit(main())
