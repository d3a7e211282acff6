"""The words of the start gate as a line of the bot's own log: it runs in the bot's container, as the bot's user."""

from __future__ import annotations

from pathlib import Path

from freqops.core.base.clock import Clock

from .writer import Writer, of_text


def write(home: Path, directory: Path, why: str) -> None:
    """Write that Freqtrade is not started; nothing that happens here changes what the gate does.

    Args:
        home: The tree of the bot in its container.
        directory: Where the log of the bot is.
        why: The reason.
    """
    try:
        directory.mkdir(mode=0o755, exist_ok=True)
    except OSError:
        return  # the writer cannot, either
    lost = directory / "lost-lines"
    Writer(home, Clock(), lost, directory).write("WARNING", "start_gate", f"Freqtrade is not started: {why}",
                                                  **of_text(home, why))  # fmt: skip
