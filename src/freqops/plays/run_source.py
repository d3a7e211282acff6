"""What a run, or a reading of strategies, takes from the control node where no bot has it: files, image, packages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.bot import configuration
from freqops.core.deploy import strategy_package, strategy_source
from freqops.core.runs.run_inputs import Inputs
from freqops.core.runs.run_order import Order
from freqops.core.runs.strategy_order import StrategyOrder

from . import brought_files

PROJECT = Path(__file__).resolve().parents[3]
PACKAGES = "roles/freqtrade/files/packages.txt"
LENGTH = 16
NAME = "run"  # of the bot that it would be


def of_host(
    variables: Mapping[str, Any], inputs: Inputs, mandate: tuple[str, str], more: Mapping[str, Any], strategies: str
) -> Order:
    """Return the order of a run for one host.

    Args:
        variables: The host's variables, templated.
        inputs: The inputs.
        mandate: Who gives the order, and the reason.
        more: What an order has besides: ``wait`` and ``force``.
        strategies: The directory with the files of the strategy; empty for that of freqops.

    Raises:
        Refused: The inventory lacks what it needs, or a file cannot be brought.
    """
    actor, reason = mandate
    if inputs.bot:
        return Order(inputs, actor, reason, **more)
    image = str(variables.get("freqtrade_image") or "")
    shared = variables.get("freqtrade_config") or {}
    if not image or not shared.get("exchange"):
        raise Refused("the inventory names no freqtrade_image, or no freqtrade_config with an exchange, for this host")
    entry = {"name": NAME, "mode": "paper", "strategy": inputs.strategy}
    if not inputs.strategy:  # a download
        return Order(inputs, actor, reason, configuration.effective(shared, entry), {}, image, **more)
    directory = variables.get("inventory_dir")
    place = brought_files.resolved(strategies or str(PROJECT / brought_files.STRATEGIES), directory)
    texts = brought_files.strategy_texts(place)
    wrong = list(strategy_source.unusable(texts, inputs.strategy, brought_files.left_out(place)))
    if not texts or wrong:
        raise Refused(f"in {place}, {'; '.join(wrong) or 'there are no files of a strategy'}")
    files = _files(texts)
    settled = strategy_source.settled(texts, inputs.strategy)
    config = configuration.effective(shared, entry, settled)
    return Order(inputs, actor, reason, config, files, image, _mark(variables), **more)


def to_read(
    variables: Mapping[str, Any], bot: str, classes: tuple[str, ...], strategies: str
) -> tuple[StrategyOrder, list[str]]:
    """Return the order to read strategies on one host, and why they would run without what lies beside them.

    Args:
        variables: The host's variables, templated.
        bot: The bot of which they are; empty for those of a directory.
        classes: The classes that are wanted; none for all.
        strategies: The directory with their files; empty for that of freqops.

    Raises:
        Refused: The inventory lacks what it needs, or a file cannot be brought.
    """
    if bot:
        return StrategyOrder(classes, bot), []
    image = str(variables.get("freqtrade_image") or "")
    if not image:
        raise Refused("the inventory names no freqtrade_image for this host")
    place = brought_files.resolved(
        strategies or str(PROJECT / brought_files.STRATEGIES), variables.get("inventory_dir")
    )
    texts = brought_files.strategy_texts(place)
    if not any(name.endswith(".py") for name in texts):
        raise Refused(f"in {place} there are no files of a strategy")
    wrong = [f"{place}: {text}" for text in strategy_source.unusable(texts, "", brought_files.left_out(place))]
    return StrategyOrder(classes, "", _files(texts), image, _mark(variables)), wrong


def _files(texts: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files of strategies and those that they import of freqops, by the path below an input."""
    files = {f"strategies/{name}": text.encode() for name, text in texts.items()}
    own = strategy_package.files(PROJECT / "src" / "freqops")
    return files | {f"python/{name}": text.encode() for name, text in own.items()}


def _mark(variables: Mapping[str, Any]) -> str:
    """Return the mark of the packages that are added to the image."""
    directory = variables.get("inventory_dir")
    lock = brought_files.resolved(str(variables.get("freqtrade_packages") or PROJECT / PACKAGES), directory)
    return hashlib.sha256(lock.read_bytes().rstrip(b"\n")).hexdigest()[:LENGTH]
