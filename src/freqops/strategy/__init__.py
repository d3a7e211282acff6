"""The package that a trading strategy imports."""

from .entry_gate import EntryGate

__all__ = ["EntryGate"]
