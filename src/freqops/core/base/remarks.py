"""Remarks: what ``validate_release.py`` says of a release that it accepts, one on each line that begins with the mark.

The mark of the validated release keeps them, so that every deploy says them, and the next one can compare.
"""

from __future__ import annotations

import json
from typing import Any

MARK = "freqops-remark: "  # in the marks of releases that hosts keep
UNGATED = "ungated"
EFFECTIVE = "effective"
NAMED = "named"
TRADING = "trading"  # the configuration that decides trades
READ = "read"  # the digest of the file of which it was built
STAKE = "stake"
KEPT = (TRADING, READ, STAKE)  # for the mark alone: they are nothing to tell an operator


def lines(output: str) -> list[str]:
    """Return the lines of ``output`` that are remarks, as they are."""
    return [line for line in output.splitlines() if line.startswith(MARK)]


def cautions(output: str) -> list[str]:
    """Return the lines of ``output`` that are remarks for the operator, as they are; what cannot be read is one."""
    return [line for line in lines(output) if not _is_kept(line)]


def read(output: str) -> list[dict[str, Any]]:
    """Return the remarks in ``output``.

    Raises:
        ValueError: One of them is no JSON.
    """
    return [json.loads(line[len(MARK) :]) for line in lines(output)]


def _is_kept(line: str) -> bool:
    try:
        [remark] = read(line)
        return remark["kind"] in KEPT
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
