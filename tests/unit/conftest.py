"""Hypothesis, bounded: two busy cores are enough for the whole suite."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("bounded", max_examples=60, deadline=None)
settings.load_profile("bounded")
