"""Pages and files of runs on the control node, each run under the name by which the inventory knows its host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.results.document import Document
from freqops.core.runs import run_export
from freqops.core.runs.strategy_answer import Answer
from freqops.reports import files

from .copy_back import PRIVATE_DIRECTORY, PRIVATE_FILE

DIRECTORY = Path(__file__).resolve().parents[3] / "runs"


def of_host(host: str, document: Document) -> Document:
    """Return a document that says by which name the inventory knows its host."""
    return Document(**{**vars(document), "run": {**document.run, "host": host}})


def each(directory: Path, documents: Sequence[Document]) -> list[Path]:
    """Write a page of each run, and return where they are.

    Raises:
        NotProven: Something else was read back.
        OSError: The disk did not take one.
    """
    return [files.write_page(directory, document) for document in documents]


def together(directory: Path, documents: Sequence[Document]) -> list[Path]:
    """Write one page of runs beside each other, and return where it is.

    Raises:
        NotProven: Something else was read back.
        OSError: The disk did not take it.
    """
    return [files.write_comparison(directory, documents)]


def of_strategies(directory: Path, answers: Mapping[str, Answer], wrong: Sequence[str]) -> list[Path]:
    """Write the page of the strategies of hosts, and return where it is.

    Raises:
        NotProven: Something else was read back.
        OSError: The disk did not take it.
    """
    return [files.write_strategies(directory, answers, wrong)]


def exported(directory: Path, rows: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Write runs as CSV and as JSON, and return where.

    Raises:
        OSError: The disk did not take one.
    """
    directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    texts = {"runs.csv": run_export.as_csv(rows), "runs.json": run_export.as_json(rows)}
    for name, text in texts.items():
        durable.write_atomic(directory / name, text.encode(errors="replace"), PRIVATE_FILE)
    return [directory / name for name in texts]
