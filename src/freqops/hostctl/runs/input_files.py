"""The files that a run reads: those of a release, of an order, or of a run that is repeated; and their checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.runs.run_order import PARTS

CONFIG = "config.json"
STRATEGIES, PYTHON, USER_FILES = (f"{part}/" for part in PARTS)


def below(home: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files below a directory that a run reads, by their paths."""
    for part in PARTS:
        for path in sorted((home / part).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(home).as_posix(), path.read_bytes()


def checksums(files: Mapping[str, bytes], config: Mapping[str, Any]) -> dict[str, str]:
    """Return the checksums of what a run reads, by the names of their columns; empty for what is not there."""
    of_strategies = [name for name in files if name.startswith(STRATEGIES)]
    parameters = [name for name in of_strategies if name.endswith(".json")]
    code = [name for name in of_strategies if name not in parameters]
    return {
        "strategy_sha256": _digest_of(files, code),
        "parameters_sha256": _digest_of(files, parameters),
        "user_files_sha256": _digest_of(files, [name for name in files if name.startswith(USER_FILES)]),
        "python_sha256": _digest_of(files, [name for name in files if name.startswith(PYTHON)]),
        "config_sha256": hashlib.sha256(durable.as_json(config)).hexdigest(),
    }


def _digest_of(files: Mapping[str, bytes], names: Iterable[str]) -> str:
    """Return one checksum of some of the files; empty where there are none."""
    lines = [f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n" for name in sorted(names)]
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else ""
