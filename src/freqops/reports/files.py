"""Pages of runs in a directory, beside the one script file that draws the plots of all of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.results.document import Document
from freqops.core.runs.strategy_answer import Answer

from . import drawn, strategies_page
from .comparison_page import comparison
from .run_page import page

PRIVATE, PRIVATE_FILE = 0o700, 0o600
STRATEGIES = "strategies.html"
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


def write_page(folder: Path, document: Document, *, self_contained: bool = False) -> Path:
    """Write the page of a run and return where it is.

    Args:
        folder: The directory, which is made where it is missing.
        document: The run.
        self_contained: Whether the page has plotly in it, as one that is mailed.

    Raises:
        NotProven: Something else was read back.
        OSError: The disk did not take it.
    """
    made = page(document, self_contained=self_contained)
    return _written(folder, _name(document), made, self_contained=self_contained)


def write_comparison(folder: Path, documents: Sequence[Document], *, self_contained: bool = False) -> Path:
    """Write the page that compares runs and return where it is.

    Args:
        folder: The directory, which is made where it is missing.
        documents: The runs.
        self_contained: Whether the page has plotly in it, as one that is mailed.

    Raises:
        Refused: There are too few or too many of them; nothing was written.
        NotProven: Something else was read back.
        OSError: The disk did not take it.
    """
    made = comparison(documents, self_contained=self_contained)
    runs = "\n".join(f"{document.run.get('host')} {document.run.get('id')}" for document in documents)
    return _written(folder, f"comparison-{_mark(runs)}", made, self_contained=self_contained)


def write_strategies(folder: Path, answers: Mapping[str, Answer], wrong: Sequence[str]) -> Path:
    """Write the page of the strategies of hosts and return where it is.

    Args:
        folder: The directory, which is made where it is missing.
        answers: The answer of each host.
        wrong: What could not be read, or not be written.

    Raises:
        NotProven: Something else was read back.
        OSError: The disk did not take it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    return _put(folder / STRATEGIES, strategies_page.page(answers, wrong).encode(errors="replace"))


def _name(document: Document) -> str:
    """Return the name of the page of a run; what a host says may be no name of a file."""
    text = "-".join(f"{document.run[column]}" for column in ("host", "id") if document.run.get(column))
    return text if PLAIN.fullmatch(text) else f"run-{_mark(text)}"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:12]


def _written(folder: Path, name: str, text: str, *, self_contained: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    if not self_contained:
        _put(folder / drawn.LIBRARY, drawn.library().encode())
    return _put(folder / f"{name}.html", text.encode())


def _put(path: Path, data: bytes) -> Path:
    if not path.is_file() or path.read_bytes() != data:
        durable.write_atomic(path, data, PRIVATE_FILE)
    if path.read_bytes() != data:
        raise NotProven(f"{path} is not as it was written")
    return path
