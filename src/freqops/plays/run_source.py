"""What a run takes from the control node where no bot of its host has it: configuration, strategies, image."""

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
    files = {f"strategies/{name}": text.encode() for name, text in texts.items()}
    own = strategy_package.files(PROJECT / "src" / "freqops")
    files |= {f"python/{name}": text.encode() for name, text in own.items()}
    settled = strategy_source.settled(texts, inputs.strategy)
    config = configuration.effective(shared, entry, settled)
    lock = brought_files.resolved(str(variables.get("freqtrade_packages") or PROJECT / PACKAGES), directory)
    mark = hashlib.sha256(lock.read_bytes().rstrip(b"\n")).hexdigest()[:LENGTH]
    return Order(inputs, actor, reason, config, files, image, mark, **more)
