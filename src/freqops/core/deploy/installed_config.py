"""The configuration of an installed bot, value by value, each with who says it, and nothing of a secret.

Freqtrade lays one file over the other, in the order of the bot's command line: its release, its secrets, its state.
What the strategy settles, and what Freqtrade fills in, stands in the mark of the validated release.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..base import durable
from ..base.errors import FreqopsError
from ..bot import layout
from . import effective_values, release

RELEASE, SECRETS, STATE, FREQTRADE = "release", "secrets", "state", "Freqtrade"
OF_CONFIGURATION = "configuration"  # the word of an effective value that stands in the files


class ConfigUnreadable(FreqopsError):
    """A file of a bot's configuration cannot be read."""


@dataclass(frozen=True)
class Value:
    """A value of a configuration.

    Attributes:
        path: The keys that lead to it.
        value: The value; `release.HIDDEN` where it is a secret, or may be one.
        said: Who says it: `RELEASE`, `SECRETS`, `STATE`, or as the mark of the release has it.
    """

    path: tuple[str, ...]
    value: Any
    said: str

    def to_json(self) -> dict[str, Any]:
        """Return the configuration as it stands in the answer of a host."""
        return {"path": list(self.path), "value": self.value, "said": self.said}


def values(bot: layout.Bot) -> list[Value]:
    """Return every value by which an installed bot runs, in the order of their paths.

    Raises:
        ConfigUnreadable: A file cannot be read.
    """
    found: dict[tuple[str, ...], Value] = {}
    for said, path in _files(bot):
        for each in _leaves(_read(path)):
            lay(found, Value(*each, said))
    for name, word in (effective_values.of_release(bot.release_home) or {}).items():
        _settle(found, name, word)
    secret = bot.secret_values()
    return [_hidden(found[path], secret) for path in sorted(found)]


def layered(layers: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, ...], Value]:
    """Return the values of layers, the uppermost last, each with the name of the layer that says it."""
    found: dict[tuple[str, ...], Value] = {}
    for name, layer in layers.items():
        for path, value in _leaves(layer):
            lay(found, Value(path, value, name))
    return found


def lay(found: dict[tuple[str, ...], Value], value: Value) -> None:
    """Lay a value over those that were found: mappings are merged, everything else is replaced."""
    inside = [path for path in found if path[: len(value.path)] == value.path and path != value.path]
    if value.value == {} and inside:
        return
    around = [value.path[:length] for length in range(1, len(value.path)) if value.path[:length] in found]
    for path in [*inside, *around]:
        del found[path]
    found[value.path] = value


def _files(bot: layout.Bot) -> Iterator[tuple[str, Path]]:
    yield RELEASE, bot.release_home / release.CONFIG
    yield SECRETS, bot.conf / "secrets.json"
    yield STATE, bot.state


def _read(path: Path) -> dict[str, Any]:
    document = durable.read_json(path)
    if not isinstance(document, dict):
        raise ConfigUnreadable(f"{path} cannot be read")
    return document


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value that is no mapping, or an empty one, and where it stands."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif path:
        yield path, value


def _settle(found: dict[tuple[str, ...], Value], name: str, word: Mapping[str, Any]) -> None:
    """Lay an effective value over what the files say; what these say not of it, Freqtrade has filled in."""
    own = word["from"] != OF_CONFIGURATION
    for path in [path for path in found if own and path[0] == name]:
        del found[path]
    for path, value in _leaves(word["is"], (name,)):
        if path not in found or found[path].value != value:
            lay(found, Value(path, value, word["from"] if own else FREQTRADE))


def _hidden(value: Value, secret: list[str]) -> Value:
    """Return a secret value as a text that says so: it is known by its place, its name, or its content."""
    text = json.dumps(value.value, ensure_ascii=False, default=str)
    by_name = any(release.SECRET_NAME.search(key) for key in value.path[-1:])
    if value.said == SECRETS or by_name or any(_in(each, text) for each in secret):
        return replace(value, value=release.HIDDEN)
    return replace(value, value=release.without_secrets(value.value))


def _in(secret: str, text: str) -> bool:
    return secret in text or json.dumps(secret, ensure_ascii=False)[1:-1] in text
