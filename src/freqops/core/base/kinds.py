"""The kinds of values in a document that others wrote, each a function that says whether a value is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Callable

from .errors import FreqopsError
from .visible import visible

LARGEST = 1e100  # what is beyond it cannot be reckoned with, nor shown
SHOWN = 60

Kind = Callable[[object], bool]


class Malformed(FreqopsError):
    """A document is not what it must be; the text says what is wrong with it."""


def anything(_value: object) -> bool:
    """Return whether it is anything at all: the reader judges it."""
    return True


def text(value: object) -> bool:
    """Return whether it is text."""
    return isinstance(value, str)


def truth(value: object) -> bool:
    """Return whether it is true or false."""
    return isinstance(value, bool)


def number(value: object) -> bool:
    """Return whether it is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -LARGEST < value < LARGEST


def count(value: object) -> bool:
    """Return whether it is a whole number that is not below zero."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST


def whole(value: object) -> bool:
    """Return whether it is a whole number."""
    return number(value) and isinstance(value, int)


def seconds(value: object) -> bool:
    """Return whether it is a length of time, or None."""
    return value is None or (number(value) and value >= 0)  # type: ignore[operator]


def item(value: object) -> bool:
    """Return whether it is a single value: text, a number, true or false, or None."""
    return value is None or text(value) or truth(value) or number(value)


def object_(value: object) -> bool:
    """Return whether it is an object."""
    return isinstance(value, dict)


def flat(value: object) -> bool:
    """Return whether it is an object of single values."""
    return isinstance(value, dict) and all(item(inner) for inner in value.values())


def list_of(kind: Kind) -> Kind:
    """Return the kind of a list whose items are all of ``kind``."""
    return lambda value: isinstance(value, list) and all(kind(inner) for inner in value)


def or_none(kind: Kind) -> Kind:
    """Return the kind of ``kind``, or None."""
    return lambda value: value is None or kind(value)


def having(**kinds: Kind) -> Kind:
    """Return the kind of an object that has every name of ``kinds``, each of its kind."""
    return lambda value: (
        isinstance(value, dict) and all(name in value and kind(value[name]) for name, kind in kinds.items())
    )


def value(document: Mapping[str, Any], name: str, kind: Kind) -> Any:
    """Return the value of a name.

    Raises:
        Malformed: It is not of its kind.
    """
    found = document.get(name)
    if not kind(found):
        raise Malformed(f"{name} is '{visible(str(found), SHOWN)}'")
    return found


def checked(document: object, kinds: Mapping[str, Kind], required: tuple[str, ...]) -> dict[str, Any]:
    """Return the names of ``kinds`` that a document has, with their values; a name that is not known is left out.

    Raises:
        Malformed: It is no object, a required name is missing, or a value is not of its kind.
    """
    if not isinstance(document, dict):
        raise Malformed("a row is no object")
    missing = [name for name in required if name not in document]
    if missing:
        raise Malformed(f"a row has no {missing[0]}")
    return {name: value(document, name, kind) for name, kind in kinds.items() if name in document}


def refuse_twice(names: list[str]) -> None:
    """Refuse names of which one stands there twice: nobody knows which of its rows is true.

    Raises:
        Malformed: One does.
    """
    for name, rows in Counter(names).items():
        if rows > 1:
            raise Malformed(f"it has {rows} rows for {visible(name, SHOWN)}")
