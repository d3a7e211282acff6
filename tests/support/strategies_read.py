"""What the program in the image says of strategies, as tests have it."""

from __future__ import annotations

from typing import Any

PARAMETER = {
    "space": "buy", "name": "ema", "type": "IntParameter", "low": 3, "high": 20, "categories": None, "default": 8,
    "value": 9, "optimize": True, "load": True,
}  # fmt: skip
FACTS: dict[str, Any] = {
    "timeframe": "5m", "informative": ["1h"], "informative_known": True, "minimal_roi": {"0": 0.1, "60": 0},
    "stoploss": -0.1, "can_short": False, "trailing_stop": True, "use_custom_stoploss": False,
    "position_adjustment_enable": True, "entry_gate": True, "parameter_file": True, "trailing_stop_positive": None,
    "trailing_stop_positive_offset": 0.0, "trailing_only_offset_is_reached": False, "startup_candle_count": 30,
    "max_entry_position_adjustment": -1, "order_types": {"entry": "limit", "stoploss_on_exchange": False},
    "protections": [{"method": "CooldownPeriod", "stop_duration": 5}], "parameters": [PARAMETER],
    "callbacks": ["populate_indicators"], "trading_mode": "spot",
}  # fmt: skip


def row(name: str = "Mine", **other: Any) -> dict[str, Any]:
    """Return what is said of a strategy that was read."""
    return {"class": name, "file": f"{name}.py", "why": "", "missing": [], "facts": FACTS, **other}


def broken(name: str = "Broken", **other: Any) -> dict[str, Any]:
    """Return what is said of a strategy that could not be read."""
    why = "ModuleNotFoundError: No module named 'nobody'"
    return row(name, **{"why": why, "missing": ["nobody"], "facts": None, **other})


def said(*rows: dict[str, Any], freqtrade: str = "2026.9") -> dict[str, Any]:
    """Return what the program says."""
    return {"freqtrade": freqtrade, "strategies": list(rows)}
