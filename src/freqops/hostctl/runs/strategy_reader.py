"""Strategies read in the bot's image, and what they are written to the registry, read back and compared.

What is read lies for that time in a directory of its own: copies, also of what a bot runs, and the program that reads.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.bot import host_command
from freqops.core.runs import reading_container, registry, strategy_reading, strategy_rows
from freqops.core.runs.reading_container import ALL_SECONDS, INPUT, NAME, TOOL
from freqops.core.runs.strategy_answer import Answer, Done
from freqops.core.runs.strategy_order import StrategyOrder
from freqops.core.runs.strategy_reading import Strategy
from freqops.core.runs.strategy_rows import Origin, StrategyRows

from ..bot.engine_command import EngineError
from . import beginning, input_files
from .run_engine import GONE, RunEngine

PLACE = Path("user_data") / "strategies_read"  # below the tree of freqops, and only while strategies are read
LOCK = Path("user_data") / ".strategies.lock"
PRIVATE, READABLE, READABLE_FILE = 0o700, 0o755, 0o644
MOST_SAID = 16 * 1024 * 1024
MORE_SECONDS = 300  # until Freqtrade is loaded
BUSY = "another command reads strategies on this host"


@dataclass(frozen=True)
class _Source:
    """What is read: files, in an image with added packages."""

    files: Mapping[str, bytes]
    image: str
    packages: str


def read(root: Path, order: StrategyOrder, clock: Clock, engine: RunEngine, *, look: bool) -> Answer:
    """Read strategies, have the registry say what they are, and prove that by reading it again.

    Args:
        root: The tree of freqops.
        order: The order.
        clock: The source of the time.
        engine: The container engine.
        look: Whether nothing is written, and it is only said what would be.

    Raises:
        Refused: Nothing was read: somebody else reads, or the host lacks what it needs.
        NotProven: The container gave no answer; nothing was written.
        RegistryUnreadable: The registry cannot be read, or not be written.
    """
    source = _source(root, order)
    with registry.opened(registry.place(root), owner=os.geteuid()):
        pass  # refused now, and not when all is read
    _bring(engine, source.image, look=look)
    with _alone(root, clock) as place:
        _lay(place, source.files)
        home = root / "packages" / source.packages if source.packages else None
        packages = home if home is not None and home.is_dir() else None
        made = reading_container.of(source.image, order.classes, place, packages)
        version, found = _said(engine, made.command(), order)
    if not found:
        raise Refused("no file has a class that is a strategy")
    sums = input_files.checksums(source.files, {})
    origin = Origin(sums["strategy_sha256"], sums["parameters_sha256"], source.image, version)
    return _written(root, order, found, origin, look=look)


def _bring(engine: RunEngine, image: str, *, look: bool) -> None:
    """Have the image on this host; a look brings nothing.

    Raises:
        Refused: It is not there.
    """
    if look and not engine.has_image(image):
        raise Refused(f"the image {image} is not on this host, and a look brings none")
    try:
        engine.bring_image(image)
    except FreqopsError as error:
        raise Refused(f"the image {image} is not on this host and cannot be had: {error}") from None


def _source(root: Path, order: StrategyOrder) -> _Source:
    if not order.bot:
        return _Source(order.files, order.image, order.packages)
    bot = beginning.bot_at_rest(root, order.bot)
    return _Source(dict(input_files.below(bot.release_home)), bot.image, bot.packages)


@contextmanager
def _alone(root: Path, clock: Clock) -> Iterator[Path]:
    """Give an empty directory that nobody else uses, and take it away after the block.

    Raises:
        Refused: Somebody else reads strategies.
    """
    place = root / PLACE
    with durable.locked(root / LOCK, 0.0, clock) as mine:
        if not mine:
            raise Refused(BUSY if mine is False else f"{root / LOCK} cannot be opened: the disk is full, or read-only")
        _remove(place)  # of one that was killed
        try:
            place.mkdir(mode=PRIVATE)
            yield place
        finally:
            _remove(place)


def _remove(place: Path) -> None:
    if place.is_symlink():
        raise Refused(f"{place} is a link; take it away")
    if place.exists():
        shutil.rmtree(place)


def _lay(place: Path, files: Mapping[str, bytes]) -> None:
    """Write what is read, for everybody to read, and the program that reads it."""
    for name in (INPUT, TOOL):
        (place / name).mkdir()
    for name, content in files.items():
        path = place / INPUT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    shutil.copyfile(host_command.TOOL, place / TOOL / "freqops-host")
    for path in place.rglob("*"):
        path.chmod(READABLE if path.is_dir() else READABLE_FILE)


def _said(engine: RunEngine, command: list[str], order: StrategyOrder) -> tuple[str, list[Strategy]]:
    """Have the container read them, and return what it said.

    Raises:
        NotProven: It gave no answer.
    """
    _take_away(engine)  # of one that was killed
    try:
        said = engine.said(command, ALL_SECONDS + MORE_SECONDS, MOST_SAID)
        return strategy_reading.strategies(host_command.last_object(said), order.classes)
    except (EngineError, Malformed) as error:
        raise NotProven(f"the strategies could not be read: {error}") from None
    finally:
        _take_away(engine)


def _take_away(engine: RunEngine) -> None:
    """Take the container away, if it is there.

    Raises:
        EngineError: The engine does not do it: what nobody has looked at may go on in it.
    """
    try:
        engine.remove(NAME)
    except EngineError as error:
        if not any(word in str(error).lower() for word in GONE):
            raise


def _written(root: Path, order: StrategyOrder, found: list[Strategy], origin: Origin, *, look: bool) -> Answer:
    """Have the registry say what strategies are, and return what became of each."""
    own = strategy_reading.each_once(found)
    path = registry.place(root)
    with registry.opened(path, write=not look, owner=os.geteuid()) as present:
        if look:
            rows = dict(_each(present.strategies(), own, origin, look=True))
        else:
            with present.strategies_changed() as changed:
                rows = dict(_each(changed, own, origin, look=False))
    with registry.opened(path, owner=os.geteuid()) as again:
        kept = again.strategies()
        if not look:
            rows = {name: _proven(kept, done, origin) for name, done in rows.items()}
        others = [] if order.classes else sorted(set(kept.classes()) - {each.name for each in found})
    done = [rows[each.name] if each is rows[each.name].strategy else Done(each) for each in found]
    return Answer(done, others, origin.freqtrade, origin.image, origin.strategy_sha256, look)


def _each(kept: StrategyRows, own: list[Strategy], origin: Origin, *, look: bool) -> Iterator[tuple[str, Done]]:
    for each in own:
        if not each.file:  # nothing was found of it
            yield each.name, Done(each)
            continue
        known = strategy_rows.columns(each, origin)
        try:
            became = kept.foretold(each.name, known) if look else kept.enter(each.name, known)
            yield each.name, Done(each, became)
        except Refused as refusal:
            yield each.name, Done(each, "", str(refusal))


def _proven(kept: StrategyRows, done: Done, origin: Origin) -> Done:
    """Return what was done, with what does not stand in the registry as it was written."""
    if not done.row:
        return done
    wrong = kept.wrong(done.strategy.name, strategy_rows.columns(done.strategy, origin))
    return Done(done.strategy, done.row, f"read back, it differs: {wrong}") if wrong else done
