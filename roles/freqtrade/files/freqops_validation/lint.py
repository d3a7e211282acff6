# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configuration of a release says in vain: keys that nobody reads, and values of the wrong kind."""

import difflib
import re
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import freqtrade
from freqtrade.enums import RPCMessageType

from .place import Finding

KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
LOGGING = "log_config"  # goes to Python's logging as it is
PLUGINS = "pairlists"  # each entry is its plugin's own to read; the schema knows none of their options
BY_MESSAGE = (["telegram", "notification_settings"], ["webhook"], ["discord"])  # have a key for each kind of message
MOST_PLACES = 3


class Lint:
    """What a configuration says that Freqtrade would ignore, or that is of a kind it does not want."""

    def __init__(self, schema: dict[str, Any], strategies: Path, known: Collection[str] = ()) -> None:
        self._schema, self._known = schema, known
        self._places: dict[str, list[str]] = {}
        self._map(schema, "")
        self._strategies = "\n".join(file.read_text(errors="replace") for file in sorted(strategies.rglob("*.py")))

    def look(self, config: dict[str, Any]) -> list[Finding]:
        """Return what is found, each with its path."""
        return list(self._value(self._schema, config, []))

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        name = schema.get("$ref", "").rpartition("/")[2]
        return self._schema["definitions"][name] if name else schema

    def _map(self, schema: dict[str, Any], place: str) -> None:
        """Note where the schema has which key."""
        schema = self._resolved(schema)
        for key, inner in schema.get("properties", {}).items():
            self._places.setdefault(key, []).append(f"{place}{key}")
            self._map(inner, f"{place}{key}.")
        if isinstance(schema.get("items"), dict):
            self._map(schema["items"], place)

    def _value(self, schema: dict[str, Any], value: Any, path: list[Any]) -> Iterator[Finding]:
        schema = self._resolved(schema)
        wrong = self._kind(schema, value)
        if wrong:
            yield {"path": path, **wrong}
        elif isinstance(value, dict) and path[:1] != [PLUGINS]:
            yield from self._object(schema, value, path)
        elif isinstance(value, list) and isinstance(schema.get("items"), dict):
            for index, item in enumerate(value):
                yield from self._value(schema["items"], item, [*path, index])

    def _kind(self, schema: dict[str, Any], value: Any) -> Finding | None:
        """Return how a value differs from what the schema wants, if it does."""
        found = KINDS.get(type(value), "null")
        wants = schema.get("type", [])
        wants = [wants] if isinstance(wants, str) else list(wants)
        fits = not wants or found in wants or (found == "integer" and "number" in wants)
        if not fits and not (found == "number" and "integer" in wants and value == int(value)):
            return {"kind": "type", "found": found, "wants": wants}
        if found == "string" and "pattern" in schema and not re.search(schema["pattern"], value):
            others = [want for want in wants if want != "string"]
            return {"kind": "type", "found": found, "wants": [*others, f"the text {schema['pattern']}"]}
        if "enum" in schema and value not in schema["enum"]:
            return {"kind": "choice", "found": found, "allowed": schema["enum"]}
        return None

    def _object(self, schema: dict[str, Any], value: dict[str, Any], path: list[Any]) -> Iterator[Finding]:
        properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        others = schema.get("additionalProperties", not (properties or patterns))
        for key, item in value.items():
            inner = properties.get(key, next((patterns[each] for each in patterns if re.search(each, key)), None))
            if inner is None and isinstance(others, dict):
                inner = others
            if inner is not None:
                yield from self._value(inner, item, [*path, key])
            elif others is True or self._is_read(path, key) or ".".join(map(str, [*path, key])) in self._known:
                continue
            elif self._is_named(key):
                yield {"path": [*path, key], "kind": "named"}
            else:
                near = difflib.get_close_matches(key, properties, n=1, cutoff=0.75)
                places = self._places.get(key, [])
                yield {
                    "path": [*path, key],
                    "kind": "unknown",
                    "near": near[0] if near else None,
                    "elsewhere": places if len(places) <= MOST_PLACES else [],
                }

    def _is_read(self, path: list[Any], key: str) -> bool:
        """Whether the strategy, or Freqtrade itself, reads a key that the schema does not have in this place."""
        word = rf"""["']{re.escape(key)}["']"""
        if path[:1] == [LOGGING] or (path in BY_MESSAGE and key in list(RPCMessageType)):
            return True
        read = rf"(\[|\.(get|pop|setdefault)\()\s*{word}|{word} (not )?in "
        if key in self._places:  # elsewhere: that it is read somewhere says nothing about this place
            read = rf"\b_?config(\.get\(|\[){word}|{word} (not )?in (self\.)?_?config\b(?!\[)"
            if path:
                return False
        return bool(re.search(read, self._strategies) or re.search(read, self._freqtrade))

    def _is_named(self, key: str) -> bool:
        """Whether the strategy has the word anywhere; of one that Freqtrade knows elsewhere, this says nothing."""
        return key not in self._places and bool(re.search(rf"(?<!\w){re.escape(key)}(?!\w)", self._strategies))

    @cached_property
    def _freqtrade(self) -> str:
        """The sources of Freqtrade; most configurations give no reason to read them."""
        files = sorted(Path(freqtrade.__file__).parent.rglob("*.py"))
        return "\n".join(file.read_text(errors="replace") for file in files)
