"""Whether a host with live bots has room for a run: by its load, for a loop that is late trades late."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 0.75  # of the load average of one minute, for each processor


def reason(live_bots: Sequence[str], load: float, processors: int, most: float = MOST) -> str:
    """Return why a run may not begin; empty where it may.

    Args:
        live_bots: The live bots of the host that run.
        load: The load average of the last minute.
        processors: The processors of the host.
        most: The highest load for each processor.
    """
    share = load / max(1, processors)
    if not live_bots or share <= most:
        return ""
    return f"load_exceeded: {share:.2f} for each processor (at most {most:.2f} beside {', '.join(live_bots)})"
