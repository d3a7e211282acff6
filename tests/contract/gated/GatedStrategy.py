"""ContractStrategy behind the entry gate; what it is asked is its own, and calls no ``super()``."""

# mypy: disable-error-code="import-not-found,import-untyped,misc"

from __future__ import annotations

from typing import Any

from ContractStrategy import ContractStrategy

from freqops.strategy import EntryGate


class GatedStrategy(ContractStrategy, EntryGate):
    """The gate stands last, where its methods would be overridden, had it any."""

    def confirm_trade_entry(self, **_: Any) -> bool:
        """Agree to every entry."""
        return True

    def check_entry_timeout(self, **_: Any) -> bool:
        """Let every entry rest."""
        return False
