"""Builds ``freqops-host``: the rules and the host command in one file that any Python 3.9 runs, the same every time."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

SHEBANG = b"#!/usr/bin/env python3\n"
EPOCH = (1980, 1, 1, 0, 0, 0)
PACKAGES = ("core", "hostctl")  # run by the host's own Python
IN_IMAGE = ("witness", "strategy")  # run by the Python of a bot's image, with what that has
MAIN = "import sys\n\nfrom freqops.hostctl.cli import main\n\nsys.exit(main())\n"


def build(source: Path) -> bytes:
    """Return the zipapp made from the package ``freqops`` at ``source``.

    Entries are sorted and carry a fixed date, so equal sources give equal bytes on every machine.
    """
    files = {"__main__.py": MAIN.encode(), "freqops/__init__.py": (source / "__init__.py").read_bytes()}
    for package in (*PACKAGES, *IN_IMAGE):
        for path in (source / package).glob("*.py"):
            files[f"freqops/{package}/{path.name}"] = path.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(_entry(name), files[name], compresslevel=9)
    return SHEBANG + buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
