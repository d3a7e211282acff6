"""Names and kinds of variables, held against what the roles declare in their ``argument_specs.yml``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .refusal import shown

Spec = Mapping[str, Any]
KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "path": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
}
PLAIN = {"str": "a text", "path": "a path", "int": "a whole number", "float": "a number", "bool": "true or false",
         "list": "a list", "dict": "a mapping"}  # fmt: skip
FROM_COMMAND_LINE = {"int": re.compile(r"^-?[0-9]+$"), "bool": re.compile(r"^(true|false|yes|no)$", re.IGNORECASE)}


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the advice for an unknown name: the known one that is closest, or all of them."""
    known = sorted(set(known))
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"


def wrong_kind(value: Any, spec: Spec, *, as_text: bool = False) -> tuple[str, str] | None:
    """Return the mistake in the kind of a value and the cure, or None.

    Args:
        value: The value.
        spec: The declaration of a role: ``type``, ``elements``, ``choices``.
        as_text: Whether numbers, and yes or no, may come as the text that a command line makes of them.
    """
    kind = spec.get("type", "str")
    if as_text and isinstance(value, str) and kind in FROM_COMMAND_LINE and FROM_COMMAND_LINE[kind].match(value):
        return None
    if not _is(value, kind):
        return f"{shown(value)} is not {PLAIN[kind]}", _cure(value, kind)
    if spec.get("choices") and value not in spec["choices"]:
        return f"{shown(value)} is not allowed", f"allowed are {', '.join(map(str, spec['choices']))}"
    element = str(spec.get("elements") or "")
    for item in value if kind == "list" and element else ():
        if not _is(item, element) and not (element == "str" and _is(item, "int")):
            return f"{shown(item)} in it is not {PLAIN[element]}", f"each item must be {PLAIN[element]}"
    return None


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, KINDS[kind]) and (kind == "bool" or not isinstance(value, bool))


def _cure(value: Any, kind: str) -> str:
    if value is None:
        return "give it a value or leave it out"
    if kind in ("str", "path") and isinstance(value, (bool, int, float)):
        return "write it in quotes"
    if kind in ("int", "float", "bool") and isinstance(value, str):
        return f"it must be {PLAIN[kind]}, without quotes"
    return f"it must be {PLAIN[kind]}"
