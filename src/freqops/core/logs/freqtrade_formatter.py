"""Freqtrade's own lines as JSON: the formatter that a bot's ``log_config`` names, shipped with its release."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from pathlib import Path

from . import json_line, redaction
from .redaction import Redactor

SECRETS = "/freqops/conf/secrets.json"
# What logging itself puts into a record; everything else comes from the code that logs.
OF_LOGGING = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
FIRST = (json_line.CORRELATION, "run_id")


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON, without the secrets of the bot.

    Freqtrade makes one at each start and each ``/reload_config``, so it knows the secrets that are in use.

    Args:
        secrets: The bot's file of secrets.
    """

    def __init__(self, secrets: str = SECRETS) -> None:
        super().__init__()
        self._redact = Redactor(_known(Path(secrets)))

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        at = datetime.fromtimestamp(record.created, timezone.utc)
        said = {name: value for name, value in vars(record).items() if name not in OF_LOGGING}
        first = [(name, said.pop(name)) for name in FIRST if name in said]
        besides = [("exception", self._exception(record)), ("stack", record.stack_info)]
        fields = [*first, *said.items(), *besides]
        return json_line.form(self._redact, at, record.levelname, record.name, record.getMessage(), fields)

    def _exception(self, record: logging.LogRecord) -> str | None:
        return self.formatException(record.exc_info) if record.exc_info and record.exc_info[0] else None


def _known(path: Path) -> set[str]:
    """Return the secrets of a file; without it, where a release is only read, what has the form of one is enough."""
    try:
        return redaction.secrets_of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return set()
