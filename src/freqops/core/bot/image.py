"""The image of a bot: its own, or that of its host.

A bot gets one of its own to be upgraded before the others, or because it needs another flavour of Freqtrade.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEY = "freqtrade_image"  # of a host, and of a bot


def of(bot: Mapping[str, Any], of_host: Any) -> Any:
    """Return the image of a bot.

    Args:
        bot: An item of ``freqtrade_bots``.
        of_host: The image that its host names.
    """
    return bot.get(KEY) or of_host
