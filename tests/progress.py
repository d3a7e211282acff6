"""What `make prove` has shown of these very sources, kept until one changes, so that a run that was ended goes on.

A file of JSON lines. The first names the sources by their hash and says when the first run began; each other one is a
counted test that passed or a mutant that was killed. What was red is not kept, and so is tried again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path


def files(root: Path) -> Iterator[str]:
    """Yield the names of the files below ``root`` that git knows or would take, in order."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0")
    yield from (name for name in sorted(set(names)) if (root / name).is_file())


def fingerprint(root: Path) -> str:
    """Return a hash of the interpreter and of all files below ``root`` that git knows, each with its mode."""
    whole = hashlib.sha256(sys.version.encode())
    for name in files(root):
        path = root / name
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{name}\0{path.stat().st_mode:o}\0{content}\0".encode())
    return whole.hexdigest()


class Progress:
    """What was shown of these sources.

    Attributes:
        began: When the first run on these sources began, UTC.
        shown: The cases that are done.
    """

    def __init__(self, path: Path, sources: str) -> None:
        """Take up what stands in a file, or begin it anew where it is about other sources or cannot be read.

        Args:
            path: The file.
            sources: The sources' fingerprint.
        """
        self._path, self._lock = path, threading.Lock()
        self.shown: set[str] = set()
        self.began = ""
        for line in path.read_text().splitlines(keepends=True) if path.exists() else ():
            if not line.endswith("\n"):
                break  # it was cut off while it was written
            entry = json.loads(line)
            if "sources" not in entry:
                self.shown.add(entry["case"])
            elif entry["sources"] == sources:
                self.began = entry["began"]
            else:
                break
        if not self.began:
            self.began = datetime.now(UTC).isoformat(timespec="seconds")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [{"sources": sources, "began": self.began}, *({"case": case} for case in sorted(self.shown))]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def add(self, case: str) -> None:
        """Keep that a case is done."""
        with self._lock, self._path.open("a") as file:
            file.write(json.dumps({"case": case}) + "\n")
