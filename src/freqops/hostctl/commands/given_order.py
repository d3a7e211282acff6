"""An order on standard input, as the control node sends it."""

from __future__ import annotations

import json
import sys
from typing import Any

from freqops.core.base.errors import Refused

MOST = 64 * 1024 * 1024  # characters


def read() -> Any:
    """Return the document on standard input; whether it is an order, others judge.

    Raises:
        Refused: It is too long, or no JSON.
    """
    text = sys.stdin.read(MOST + 1)
    if len(text) > MOST:
        raise Refused(f"the order is longer than {MOST} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"the order on standard input is no JSON: {error}") from None
