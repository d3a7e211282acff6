"""A release on its host, with the mark that Freqtrade accepted it and what it built."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from freqops.core.base import remarks

IMAGE = f"registry.example.com/freqtrade@sha256:{'0' * 64}"
BUILT = {"timeframe": "5m", "exchange": {"name": "binance", "ws_token": "t0"}, "pairs": ["BTC/USDT"]}
FILES = {
    "strategies/Mine.py": "class Mine: pass\n",
    "strategies/Mine.json": '{"params": {}}',
    "strategies/helpers/levels.py": "LEVEL = 1\n",
    "user_files/levels.csv": "1,2\n",
    "python/freqops/strategy/entry_gate.py": "GATE = 1\n",
    "compose.yml": "mem_limit: 1g\n",
}


def marked(place: Path, image: str = IMAGE, stake: Any = 100, **built: Any) -> None:
    """Write the mark that Freqtrade of an image accepted a release, with what it built."""
    source = hashlib.sha256((place / "config.json").read_bytes()).hexdigest()
    said = (
        {"kind": "effective", "values": {}},
        {"kind": "trading", "configuration": {**BUILT, **built}},
        {"kind": "read", "config.json": source},
        {"kind": "stake", "values": {"stake_amount": stake}, "fixed": []},
    )
    lines = [f"by Freqtrade of {image}", *(f"{remarks.MARK}{json.dumps(remark)}" for remark in said)]
    (place / "validated").write_text("\n".join(lines))


def made(place: Path) -> Path:
    """Return the directory of a release."""
    for name, content in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    (place / "bot.json").write_text(json.dumps({"image": IMAGE, "packages": "p0", "mode": "paper", "api_port": 8081}))
    (place / "config.json").write_text(json.dumps({"dry_run": True, "stake_amount": 100}))
    marked(place)
    return place


def declare(place: Path, **changed: Any) -> None:
    """Change the declaration of a release."""
    document = json.loads((place / "bot.json").read_text())
    (place / "bot.json").write_text(json.dumps({**document, **changed}))
