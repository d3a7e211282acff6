"""Pages of docs/ as a reader follows them: their commands typed as they stand, their pieces of YAML put where they say.

A block of ``sh`` is typed. A block of ``yaml`` that begins with ``# inventories/mine/…`` is that file; one that begins
with ``# in inventories/mine/…`` is a piece of it. Any other block is only read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BLOCK = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"# (?P<piece>in )?(?P<path>inventories/\S+)\n")


@dataclass(frozen=True)
class Block:
    """One block of a page.

    Attributes:
        kind: ``sh``, ``yaml``, or empty.
        text: What stands in it.
        line: Where it begins.
    """

    kind: str
    text: str
    line: int

    @property
    def commands(self) -> list[str]:
        """The commands of a block that is typed; a line that ends with a backslash goes on."""
        joined = self.text.replace("\\\n", " ")
        return [line for line in joined.splitlines() if line.strip()] if self.kind == "sh" else []


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, from its top to its end."""
    text = page.read_text(encoding="utf-8")
    for found in BLOCK.finditer(text):
        yield Block(found["kind"], found["text"], text.count("\n", 0, found.start()) + 1)


def written(block: Block, root: Path) -> Path | None:
    """Put a block of YAML where it says that it belongs, and return the file; None where it says nothing.

    Args:
        block: The block.
        root: The checkout of the reader.
    """
    place = PLACE.match(block.text) if block.kind == "yaml" else None
    if place is None:
        return None
    path, said = root / place["path"], yaml.safe_load(block.text)
    if place["piece"]:
        said = laid_over(yaml.safe_load(path.read_text()), said)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(said, sort_keys=False, allow_unicode=True))
    return path


def laid_over(present: Any, piece: Any) -> Any:
    """Return a document with a piece of it changed, as a person would who puts it where it belongs.

    Mappings are merged; of lists of mappings with a ``name`` those of the same name; all else is replaced.
    """
    if isinstance(present, dict) and isinstance(piece, dict):
        return {**present, **{key: laid_over(present.get(key), value) for key, value in piece.items()}}
    if _named(present) and _named(piece):
        changed = {entry["name"]: entry for entry in piece}
        kept = [laid_over(entry, changed.pop(entry["name"], {})) for entry in present]
        return [*kept, *changed.values()]
    return piece


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) and "name" in entry for entry in value)
