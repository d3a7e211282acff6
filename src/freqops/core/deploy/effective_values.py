"""Effective values: the values by which a bot trades, from its configuration and its strategy.

They stand in the mark of the validated release, so that a deploy compares the present one and the next without running
anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..base import durable, remarks
from ..base.visible import visible
from . import release, tree

LONGEST = 200


def changes(former: Path, wanted: Path) -> list[str]:
    """Return the values that would change, a line each, with the old one, the new one and its origin.

    Of a release that an older freqops validated, only what its configuration says is known.

    Args:
        former: Directory of the release that it runs.
        wanted: Directory of the release that it is to run.
    """
    before, after = of_release(former), of_release(wanted) or {}
    if before is None:
        config = durable.read_json(former / release.CONFIG)
        known = dict(config) if isinstance(config, dict) else {}
    else:
        known = {name: value["is"] for name, value in before.items()}
    return [
        f"{name}: {_shown(known[name])} becomes {_shown(value['is'])}, said by the {visible(value['from'], LONGEST)}"
        for name, value in after.items()
        if name in known and not _same(known[name], value["is"], only_said=before is None)
    ]


def of_release(place: Path) -> dict[str, Mapping[str, Any]] | None:
    """Return the effective values of a release; None where its mark has none."""
    return said_in(tree.text(place / release.VALIDATED) or "")


def said_in(output: str) -> dict[str, Mapping[str, Any]] | None:
    """Return the effective values, by name, in the output of ``validate_release.py`` or in the mark of a release.

    Each is ``is`` and ``from``. None where there are none, or where they cannot be read.
    """
    try:
        found = [each["values"] for each in remarks.read(output) if _is_kind(each)]
        return {str(name): {"is": value["is"], "from": str(value["from"])} for name, value in found[-1].items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _is_kind(remark: Any) -> bool:
    return isinstance(remark, dict) and remark.get("kind") == remarks.EFFECTIVE


def _same(before: Any, after: Any, *, only_said: bool) -> bool:
    """Whether two values are the same; Freqtrade fills in defaults where a configuration has only some of a mapping."""
    if only_said and isinstance(before, dict) and isinstance(after, dict):
        return all(after.get(key) == value for key, value in before.items())
    return bool(before == after)


def _shown(value: Any) -> str:
    return visible(json.dumps(value), LONGEST)
