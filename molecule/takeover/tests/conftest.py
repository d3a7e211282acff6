"""A foreign Freqtrade with open trades, beside the bots that the scenario deploy left behind."""

from __future__ import annotations

from tests.support.foreign_fixtures import old, place, strategies

__all__ = ["old", "place", "strategies"]
