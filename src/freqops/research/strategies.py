"""Says what strategies are: ``python3 -m freqops.research.strategies OPTIONS`` prints one JSON object.

``OPTIONS`` is JSON: ``directory``, with their files; ``path``, the directories that a bot has before those of its
Python; ``classes``, those that are wanted, none for all; ``seconds`` for each process, and ``all_seconds`` for all.

Strategies are code that nobody has looked at. Each file is executed in a process of its own to learn its classes, and
each class once more, in a process of its own, to learn what it is; see `apart`. So what one of them does to itself
costs the others nothing, and what it prints is no answer.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from . import apart, strategy_facts, strategy_files

MOST_CLASSES, MOST_FILES = 50, 500
MOST_ALL = 8 * 1024 * 1024
NOT_THE_TIME = "the time for all of them was over before its turn"
ITS_OWN = "user_files"  # mounted below what is cleared


class Reader:
    """The reading of a directory of strategies."""

    def __init__(self, directory: Path, path: Sequence[str], seconds: float, all_seconds: float) -> None:
        self._directory, self._path, self._seconds = directory, tuple(path), seconds
        self._give_up = time.monotonic() + all_seconds
        files = [each for each in sorted(directory.glob("*.py")) if each.is_file()]
        self._texts = {each.name: each.read_text(encoding="utf-8", errors="replace") for each in files[:MOST_FILES]}

    def rows(self, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield a row for each strategy, or for each that is wanted."""
        said = 0
        for file in self._texts:
            for row in self._of_file(file, wanted):
                said += len(json.dumps(row))
                yield row if said < MOST_ALL else _row(row["class"], file, "all answers together are too long")

    def _of_file(self, file: str, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
        listed = self._apart(partial(strategy_facts.classes, self._directory, file))
        found, broken = _listed(listed.answer), listed.why
        names, alive = strategy_files.named(self._texts, file), bool(found)
        if found:
            broken = found["why"]
            names = sorted({*found["classes"], *(names if broken else [])})
        names = [name for name in names if not wanted or name in wanted]
        if not names:
            return
        absent = self._apart(partial(strategy_facts.missing, self._directory, file))
        lacking = [str(name)[:100] for name in absent.answer] if isinstance(absent.answer, list) else []
        lacking += [found["missing"]] if found and found["missing"] and not _among(found["missing"], lacking) else []
        for name in names[:MOST_CLASSES]:
            yield self._of_class(name, file, broken, lacking, executed=alive)
        yield from (_row(name, file, f"its file has {len(names)} of them, more than {MOST_CLASSES}")
                    for name in names[MOST_CLASSES:])  # fmt: skip

    def _of_class(self, name: str, file: str, broken: str, lacking: list[str], *, executed: bool) -> dict[str, Any]:
        if not executed:
            return _row(name, file, broken, lacking)
        said = self._apart(partial(strategy_facts.facts, self._directory, file, name))
        if isinstance(said.answer, dict):
            return _row(name, file, "", lacking, said.answer)
        why = said.why.removeprefix("NotLoaded: ") or "it gave no answer"
        return _row(name, file, broken if broken and why.startswith(strategy_facts.INDEFINITE) else why, lacking)

    def _apart(self, function: Any) -> apart.Said:
        """Return what came of a function in a process of its own, with the modules that a bot has."""
        if time.monotonic() + self._seconds > self._give_up:
            return apart.Said(why=NOT_THE_TIME)

        def work() -> Any:
            strategy_facts.alone(self._path)
            return function()

        try:
            return apart.run(work, self._seconds)
        finally:
            _clear(strategy_facts.DATA)


def _listed(answer: Any) -> dict[str, Any]:
    """Return the classes of a file as its process told them; nothing where it did not."""
    if not isinstance(answer, dict) or not isinstance(answer.get("classes"), list):
        return {}
    names = [name for name in answer["classes"] if isinstance(name, str) and name.isidentifier() and len(name) <= 100]
    return {"classes": names, "why": str(answer.get("why", "")), "missing": str(answer.get("missing", ""))[:100]}


def _among(module: str, roots: Sequence[str]) -> bool:
    return module.partition(".")[0] in roots


def _row(
    name: str, file: str, why: str, lacking: Sequence[str] = (), facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {"class": name, "file": file, "why": why, "missing": sorted(lacking), "facts": facts}


def _clear(place: Path) -> None:
    """Take away what a strategy left in the only directory that it may write."""
    if apart.is_first():
        for each in place.iterdir():
            if each.name != ITS_OWN:
                with suppress(OSError):
                    shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()


def main() -> int:
    """Read them, and print what they are."""
    options = json.loads(sys.argv[1])
    version = strategy_facts.freqtrade()
    apart.keep_to_itself()
    reader = Reader(Path(options["directory"]), options["path"], options["seconds"], options["all_seconds"])
    rows = list(reader.rows(options["classes"]))
    sys.stdout.write(json.dumps({"freqtrade": version, "strategies": rows}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
