"""The answer of ``freqops-host restore``, as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NONE = "no table"


def lines(answer: Mapping[str, Any], *, check: bool) -> Iterator[str]:
    """Yield a line for each table that was, or would be, replaced.

    Args:
        answer: The answer of the host.
        check: Whether it only looked.
    """
    began = "NOTHING RESTORED, this was a check: a restore would bring" if check else "restored:"
    yield f"{began} dump {answer['dump']}, which has everything until {answer['moment']}"
    for row in answer["tables"]:
        now, then = (NONE if row[name] is None else f"{row[name]} rows" for name in ("now", "then"))
        if not row["same"]:
            yield f"table {row['table']}: {now} {'now' if check else 'before'}, {then} in the dump"
    if answer["forgotten"]:
        yield f"the dump does not know these trades as they were last: {', '.join(answer['forgotten'])}"
    for line in answer["in_the_way"]:
        yield f"it would be refused now: {line}"
    yield from answer["detail"]
