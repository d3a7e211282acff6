"""The configuration that Freqtrade built of a release, as the mark of the validated release keeps it.

`validate_release.py` says it in the image: what of it decides trades, of which file it was built, and what decides how
much is traded. The mark of a release that an older freqops validated has none of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base import kinds, remarks

SHA256 = re.compile(r"[0-9a-f]{64}")
STAKE_VALUES = ("stake_amount", "tradable_balance_ratio", "available_capital")


@dataclass(frozen=True)
class Stake:
    """What decides how much a bot trades.

    Attributes:
        values: Those of `STAKE_VALUES` that were built.
        fixed: Those that its strategy settles, whatever a configuration says.
    """

    values: Mapping[str, Any]
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuiltConfiguration:
    """What Freqtrade built.

    Attributes:
        digest: SHA-256 of what decides trades.
        values: What decides trades; None where it was too long to be kept.
        source: SHA-256 of the ``config.json`` of which it was built.
        stake: What decides how much is traded; it has no part in the digest.
    """

    digest: str
    values: Mapping[str, Any] | None
    source: str
    stake: Stake


def canonical(value: Any) -> str:
    """Return the one text that says a value in JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def said_in(output: str) -> BuiltConfiguration | None:
    """Return what was built, from the output of ``validate_release.py`` or from the mark of a release.

    None where it does not stand there, stands there twice, or cannot be read.
    """
    try:
        found = [each for each in remarks.read(output) if isinstance(each, dict)]
        trading, read, stake = (_only(found, kind) for kind in remarks.KEPT)
        values = trading.get("configuration")
        digest = trading["digest"] if values is None else hashlib.sha256(canonical(values).encode()).hexdigest()
        if (
            not (values is None or kinds.object_(values))
            or not _is_digest(digest)
            or not _is_digest(read["config.json"])
        ):
            return None
        return BuiltConfiguration(digest, values, read["config.json"], _stake(stake))
    except (ValueError, LookupError, TypeError, kinds.Malformed, RecursionError):
        return None


def _only(found: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """Return the one remark of a kind: of two, a strategy may have said one itself."""
    [remark] = [each for each in found if each.get("kind") == kind]
    return remark


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and SHA256.fullmatch(value) is not None


def _stake(remark: Mapping[str, Any]) -> Stake:
    values = kinds.value(remark, "values", kinds.object_)
    fixed = kinds.value(remark, "fixed", kinds.list_of(kinds.text))
    return Stake({name: values[name] for name in STAKE_VALUES if name in values}, tuple(fixed))
