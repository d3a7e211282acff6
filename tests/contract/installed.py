"""Runs in the container: says ``genuine`` if the installed Freqtrade is that release, file by file."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import importlib.util
import sys
from pathlib import Path


def wrong(release: str) -> list[str]:
    """Return what differs from the record that the release was installed with."""
    found = importlib.metadata.distribution("freqtrade")
    if found.version != release:
        return [f"version {found.version}"]
    recorded = [file for file in found.files or () if file.suffix == ".py" and file.hash is not None]
    spec = importlib.util.find_spec("freqtrade")
    if spec is None or Path(str(spec.origin)).resolve() not in {
        Path(str(file.locate())).resolve() for file in recorded
    }:
        return ["what would be imported is not what was installed"]
    return [str(file) for file in recorded if file.hash and _digest(Path(str(file.locate()))) != file.hash.value]


def _digest(path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes() if path.is_file() else b"").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


if __name__ == "__main__":
    differing = wrong(sys.argv[1])
    sys.stdout.write(f"{', '.join(differing) or 'genuine'}\n")
    sys.exit(1 if differing else 0)
