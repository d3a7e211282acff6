"""The part of freqops that strategies and Freqtrade's ``log_config`` import, as files of a release: sealed with it."""

from __future__ import annotations

from pathlib import Path

ROOM = "strategy"
NEEDED = (
    "__init__.py",
    "core/__init__.py",
    "core/base/__init__.py",
    "core/base/clock.py",
    "core/base/errors.py",
    "core/base/iso_time.py",
    "core/base/kinds.py",
    "core/base/plain_file.py",
    "core/base/strict_json.py",
    "core/base/visible.py",
    "core/bot/__init__.py",
    "core/bot/limits.py",
    "core/halt/__init__.py",
    "core/halt/checksum.py",
    "core/halt/holds.py",
    "core/logs/__init__.py",
    "core/logs/freqtrade_formatter.py",
    "core/logs/json_line.py",
    "core/logs/redaction.py",
)


def files(source: Path) -> dict[str, str]:
    """Return the files, by their path below a directory of ``PYTHONPATH``.

    Args:
        source: The package ``freqops``.

    Raises:
        OSError: One of them cannot be read.
    """
    names = [*NEEDED, *(f"{ROOM}/{path.name}" for path in sorted((source / ROOM).glob("*.py")))]
    return {f"{source.name}/{name}": (source / name).read_text(encoding="utf-8") for name in names}
