"""The columns of a run in the registry, made of what was asked and of how it ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from freqops.core.base.clock import iso
from freqops.core.runs.run_inputs import bounds

TEXTS = (
    *("actor", "reason", "host", "bot", "bot_release"),
    *("strategy_sha256", "parameters_sha256", "user_files_sha256", "python_sha256", "config_sha256"),
)


def begun(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a run when it begins, by the names of the columns."""
    inputs = asked["inputs"]
    more = {name: asked[name] for name in ("again", "program") if asked.get(name)}
    first, last = bounds(inputs.get("timerange", "-"))
    row = {name: asked[name] or None for name in TEXTS}
    return {
        **row,
        "docker_image": asked["image"],
        "config_json": _json({"inputs": inputs, **more}),
        "command_json": _json(asked["commands"]),
        "seed": inputs.get("seed"),
        "data_window": inputs.get("timerange"),
        "window_start_utc": first and iso(first),
        "window_end_utc": last and iso(last),
        "artifacts_path": asked["place"],
    }


def ended(end: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a run besides when it is over, by the names of the columns."""
    data, row = end["data"], dict[str, Any]()
    for name in ("window_start_utc", "window_end_utc", "freqtrade_version", "gap_profit_share"):
        if end.get(name) not in (None, ""):
            row[name] = end[name]
    if end["parameters"]:
        row["parameters_json"] = _json(end["parameters"])
    if data:
        row["data_json"] = _json(data)
        row["data_sha256"] = hashlib.sha256(_json(data).encode()).hexdigest()
    return {
        **row,
        "end_reason": end["reason"],
        "duration_s": float(end["duration_s"]),
        "peak_memory_bytes": end["peak_memory_bytes"] or None,
    }


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
