"""The oldest Python at hand: what a host may have, and what is shipped must run on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path


@cache
def oldest_python() -> str:
    """Return a Python 3.9 if there is one that runs, else the interpreter of the tests."""
    candidates = sorted(str(path) for path in Path.home().glob(".pyenv/versions/3.9*/bin/python"))
    on_path = shutil.which("python3.9")
    candidates += [on_path] if on_path else []
    return next((path for path in candidates if _is_39(path)), sys.executable)


def _is_39(path: str) -> bool:
    asked = [path, "-I", "-c", "import sys; print(sys.version_info[:2])"]
    try:
        ran = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return False
    return ran.stdout.strip() == "(3, 9)"
