"""Builds ``freqops-host`` and ``freqops-operator``: rules and a command in one file, the same every time.

Any Python from 3.9 on runs it.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

# Isolated, and without the packages that are installed beside it, which take a third of a start to look for.
SHEBANG = b"#!/usr/bin/env -S python3 -IS\n"
EPOCH = (1980, 1, 1, 0, 0, 0)
PACKAGES = ("core", "hostctl")  # run by the host's own Python
IN_IMAGE = ("witness", "strategy", "research")  # run by the Python of a bot's image, with what that has
COMPILED = "/usr/local/lib/freqops"  # where `freqops-host compile` leaves what hosts run
ENTRIES = {"freqops-host": "short_way", "freqops-operator": "operator"}
MAIN = """\
import sys

CODE = "{code}"
sys.dont_write_bytecode = True
sys.path.insert(0, f"{compiled}/{{CODE}}-{{sys.implementation.cache_tag}}")

from freqops.hostctl.{entry} import main

sys.exit(main(sys.argv[1:]))
"""


def build(source: Path, command: str = "freqops-host") -> bytes:
    """Return the zipapp made from the package ``freqops`` at ``source``.

    Entries are sorted and carry a fixed date, so equal sources give equal bytes on every machine. Both commands are of
    the same code, which is compiled once.

    Args:
        source: The package.
        command: ``freqops-host`` or ``freqops-operator``.
    """
    files = {"freqops/__init__.py": (source / "__init__.py").read_bytes()}
    for package in (*PACKAGES, *IN_IMAGE):
        for path in (source / package).rglob("*.py"):
            files[f"freqops/{path.relative_to(source).as_posix()}"] = path.read_bytes()
    files["__main__.py"] = MAIN.format(code=code_of(files), compiled=COMPILED, entry=ENTRIES[command]).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(_entry(name), files[name], compresslevel=9)
    return SHEBANG + buffer.getvalue()


def code_of(files: dict[str, bytes]) -> str:
    """Return the mark of these sources, by which what was compiled of them is known: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name} {len(files[name])}\n".encode() + files[name])
    return digest.hexdigest()[:16]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry
