"""The beginning of a run: its directory, which has all that reproduces it, and the unit that runs it."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.bot import layout, user_files
from freqops.core.bot.layout import CONTAINER_UID, Bot, Home
from freqops.core.deploy import release
from freqops.core.halt.deadman import this_boot
from freqops.core.runs import candles, run_command, run_config, run_id
from freqops.core.runs.run_inputs import (
    DEFAULT_EPOCHS,
    DEFAULT_LEAST_TRADES,
    DEFAULT_LOSS,
    DEFAULT_SPACES,
    DEFAULT_STARTUPS,
    DEFAULT_TRADES,
    DEFAULT_VARIANCE,
    MOST_JOBS,
    Inputs,
    bounds,
)
from freqops.core.runs.run_order import Again, Order

from . import candle_files, contain, downloaded, gate, input_files, program, repetition, unit
from .gate import NoRoom
from .run_directory import ASKED, READABLE, READABLE_FILE, UNDER_WAY, RunDirectory, free_bytes_or_refuse
from .run_engine import RunEngine
from .supervisor import STARTING

POLL = 1.0
LEAST_FREE = 256 * 1024 * 1024
LARGEST_SEED = 2**31 - 1


def begin(root: Path, given: Order | Again, clock: Clock, engine: RunEngine) -> str:
    """Begin a run, and return its id, when its row is written.

    Raises:
        Refused: Nothing ran, nothing is left: it is not allowed, the host has no room, or lacks what it needs.
        NotProven: It is not known whether it began.
    """
    order = repetition.order_of(root, given) if isinstance(given, Again) else given
    bot = bot_at_rest(root, order.inputs.bot) if order.inputs.bot else None
    image = bot.image if bot is not None else order.image
    free_bytes_or_refuse(root, LEAST_FREE)
    try:
        engine.bring_image(image)
    except FreqopsError as error:
        raise Refused(f"the image {image} is not on this host and cannot be had: {error}") from None
    give_up = clock.monotonic() + order.wait
    while True:
        try:
            return _tried(root, order, bot, image, clock)
        except NoRoom as refusal:
            if clock.monotonic() >= give_up:
                waited = f" (waited {order.wait} s)" if order.wait else "; -e wait=SECONDS tries again until then"
                raise Refused(f"{refusal}{waited}") from None
        clock.sleep(POLL)


def _tried(root: Path, order: Order, bot: Bot | None, image: str, clock: Clock) -> str:
    strategy = order.inputs.strategy
    if bot is not None and order.inputs.kind != "download":
        strategy = _strategy_of(bot)
    said = gate.ask(root, order.inputs.kind, strategy, clock, force=order.force)
    place = _made(root, order.inputs.kind, clock)
    try:
        asked = _filled(place, order, bot, image, strategy, clock)
        for words in asked["commands"]:
            contain.of_run(place, asked, words)  # refused now, not in its unit
        place.write(ASKED, {**asked, "overridden": said})
        boot = this_boot()
        place.write(UNDER_WAY, {"version": 1, "state": STARTING, "boot": boot.id, "uptime": boot.uptime})
        refused = unit.start(place, clock)
    except BaseException:
        if not unit.is_active(place.run):
            place.remove()
        raise
    if refused:
        place.remove()
        raise NoRoom(refused)
    return place.run


def _made(root: Path, kind: str, clock: Clock) -> RunDirectory:
    """Make the directory of a run, whose id no other has."""
    while True:
        place = RunDirectory(root, run_id.new(kind, clock.utcnow()))
        try:
            place.make()
        except FileExistsError:
            continue
        except OSError as error:
            raise Refused(f"{place.path} cannot be made: {error.strerror or error}") from None
        return place


def bot_at_rest(root: Path, name: str) -> Bot:
    """Return a bot of this host, which must not change now.

    Raises:
        Refused: There is none of that name, or it changes now.
    """
    home = layout.select([name], root)[0]
    if Home(home).under_way:
        raise Refused(f"a command is at work on {name}, or was interrupted: try again when it is over")
    return layout.load_bot(home)


def _strategy_of(bot: Bot) -> str:
    config = durable.read_json(bot.release_home / release.CONFIG)
    strategy = config.get("strategy") if isinstance(config, dict) else None
    if not isinstance(strategy, str):
        raise Refused(f"{bot.release_home / release.CONFIG} names no strategy")
    return strategy


def _filled(
    place: RunDirectory, order: Order, bot: Bot | None, image: str, strategy: str, clock: Clock
) -> dict[str, Any]:
    """Write what the run reads, and return what was asked."""
    if bot is not None:
        given = durable.read_json(bot.release_home / release.CONFIG)
        files, packages = dict(input_files.below(bot.release_home)), bot.packages
    else:
        given, files, packages = order.config, order.files, order.packages
    if not isinstance(given, dict):
        raise Refused("there is no configuration that could be read")
    inputs = _settled(order.inputs)
    config = run_config.of_run(given, inputs)
    _write(place, files, config)
    put = program.put(place) if inputs.kind in run_id.ANALYSES else ""
    exchange, pairs = str(config["exchange"]["name"]), list(config["exchange"]["pair_whitelist"])
    wanted = [candles.file_name(pair, each) for pair in pairs for each in inputs.timeframes]
    prepend = False
    if inputs.kind == "download":
        there, first = downloaded.stage(place, exchange, wanted), bounds(inputs.timerange)[0]
        below = downloaded.staging(place, exchange)
        prepend = first is not None and candle_files.begin_later(place.root, below, there, first)
    else:
        candle_files.link(place, exchange)
    home = place.root / "packages" / packages if packages else None
    return {
        "version": 1, "id": place.run, "kind": inputs.kind, "inputs": inputs.to_json(), "strategy": strategy,
        "exchange": exchange, "pairs": pairs, "files": wanted, "actor": order.actor, "reason": order.reason,
        "host": os.uname().nodename, "bot": bot.name if bot is not None else "",
        "bot_release": bot.release if bot is not None else "", "image": image,
        "packages": str(home) if home is not None and home.is_dir() else "",
        "commands": run_command.commands(inputs, strategy, exchange, prepend=prepend),
        **input_files.checksums(files, config),
        "program": put,
        "again": order.again, "started_utc": iso(clock.utcnow()), "place": str(place.path.relative_to(place.root)),
    }  # fmt: skip


def _settled(inputs: Inputs) -> Inputs:
    """Return inputs that say everything: what was left open is drawn, or is what this host has."""
    if inputs.kind == "lookahead_analysis":
        least, most = inputs.least_trades or DEFAULT_LEAST_TRADES, inputs.trades or DEFAULT_TRADES
        return replace(inputs, least_trades=least, trades=most)
    if inputs.kind == "recursive_analysis":
        most_variance = DEFAULT_VARIANCE if inputs.most_variance is None else inputs.most_variance
        startups = inputs.startup_candles or DEFAULT_STARTUPS
        return replace(inputs, startup_candles=startups, most_variance=most_variance)
    if inputs.kind != "hyperopt":
        return inputs
    return replace(
        inputs,
        epochs=inputs.epochs or DEFAULT_EPOCHS,
        loss=inputs.loss or DEFAULT_LOSS,
        spaces=inputs.spaces or DEFAULT_SPACES,
        seed=inputs.seed or random.SystemRandom().randint(1, LARGEST_SEED),
        jobs=inputs.jobs or max(1, min(MOST_JOBS, (os.cpu_count() or 1) - 1)),
    )


def _write(place: RunDirectory, files: dict[str, bytes], config: dict[str, Any]) -> None:
    """Write what a run reads, for everybody to read and nobody to write."""
    for part in ("strategies", "python"):
        (place.input / part).mkdir(mode=READABLE)
    for name, content in files.items():
        path = place.input / name
        path.parent.mkdir(mode=READABLE, parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(READABLE_FILE)
    durable.write_json(place.input / input_files.CONFIG, config, READABLE_FILE)
    for path in place.input.rglob("*"):
        if path.is_dir():
            path.chmod(READABLE)
    if (place.input / user_files.DIRECTORY).is_dir():
        user_files.make_mount_point(place.output, CONTAINER_UID)
