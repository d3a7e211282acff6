"""Where each value of a bot's configuration comes from, by the layers of the inventory; no value of it is shown.

What a host has installed is held against what the inventory says now: where they differ, the next deploy changes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ..bot import configuration
from . import release
from .installed_config import RELEASE, SECRETS, STATE, Value, layered

FREQOPS, SHARED, OWN, FIXED, DECLARED = LAYERS = (
    "freqops' default",
    "freqtrade_config",
    "its config",
    "freqops, fixed",
    "its declaration",
)
WORDS = {
    SECRETS: "secrets of the host",
    STATE: "its holds, and initial_state",
    "strategy": "strategy",
    "parameter file": "parameter file of the strategy",
    "Freqtrade": "Freqtrade's default",
}
OTHERWISE = "NOT as the inventory says now: the next deploy changes it"
GONE = "of the release; the inventory does not say it now: the next deploy takes it away"
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


def wanted(shared: Mapping[str, Any], bot: Mapping[str, Any]) -> dict[tuple[str, ...], Value]:
    """Return the values of the inventory for a bot now, each with its layer.

    Args:
        shared: ``freqtrade_config``.
        bot: An item of ``freqtrade_bots``.
    """
    said = (configuration.BASE, shared, bot.get("config") or {}, configuration.REQUIRED, configuration.declared(bot))
    return layered(dict(zip(LAYERS, said)))


def lines(values: Sequence[Value], inventory: Mapping[tuple[str, ...], Value]) -> list[str]:
    """Return the configuration as lines of YAML, each with its origin, and values that are not deployed yet.

    Args:
        values: What the host has installed.
        inventory: As `wanted` gives it.
    """
    said = [
        f"{_key(each.path)}: {json.dumps(each.value, sort_keys=True)}  # {origin(each, inventory)}" for each in values
    ]
    return [*said, *(f"# {text}" for text in _not_deployed(values, inventory))]


def origin(value: Value, inventory: Mapping[tuple[str, ...], Value]) -> str:
    """Return where a value that is installed comes from, in words."""
    if value.said != RELEASE:
        return WORDS.get(value.said, "unknown")
    layer = inventory.get(value.path)
    if layer is None:
        return GONE
    same = value.value == release.HIDDEN or value.value == release.without_secrets(layer.value)
    return layer.said if same else f"{layer.said}; {OTHERWISE}"


def _not_deployed(values: Sequence[Value], inventory: Mapping[tuple[str, ...], Value]) -> Iterator[str]:
    """Yield the values of the inventory that the host lacks, but for those that freqops leaves to a strategy."""
    present, over = {each.path for each in values}, {each.path for each in values if each.said in (SECRETS, STATE)}
    settled = {each.path[0] for each in values if each.said not in (RELEASE, SECRETS, STATE)}
    for path in sorted(set(inventory) - present):
        layer = inventory[path]
        left = layer.said == FREQOPS and path[0] in configuration.OF_STRATEGY
        if not left and path[0] not in settled and not _overlaid(path, over):
            yield f"{_key(path)} is not deployed yet  # {layer.said}"


def _overlaid(path: tuple[str, ...], over: Collection[tuple[str, ...]]) -> bool:
    return any(each[: len(path)] == path or path[: len(each)] == each for each in over)


def _key(path: tuple[str, ...]) -> str:
    """Return a path as a key of YAML."""
    return ".".join(path) if all(PLAIN.fullmatch(key) for key in path) else json.dumps(".".join(path))
