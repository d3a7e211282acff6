"""stand-in"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

NAME = "circuit_breaker.json"


@dataclass(frozen=True)
class Breaker:
    active: bool
    reason: str = ""
    until: datetime | None = None
    readable: bool = True
    why: str = ""


def of_host(root: Path) -> Path:
    return root / "user_data" / "state" / NAME


def read(path: Path, now: datetime, *, missing_is_active: bool = True) -> Breaker:
    try:
        d = json.loads(path.read_text())
        return Breaker(bool(d["active"]), d["reason"])
    except FileNotFoundError:
        return Breaker(missing_is_active, "", None, not missing_is_active, "missing")
    except Exception as e:
        return Breaker(True, "", None, False, str(e))
