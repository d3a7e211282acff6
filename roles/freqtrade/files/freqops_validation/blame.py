# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a strategy cannot be had, or raises: the file and the line that are to blame."""

import importlib.util
import json
import re
import sys
import traceback
from pathlib import Path
from typing import Any

from . import place
from .place import LONGEST, Finding


def broken() -> list[Finding]:
    """Return why its strategy cannot be had: Freqtrade only logs it, and logs are not for us."""
    files, found = sorted((place.RELEASE / "strategies").glob("*.py")), []
    config = json.loads((place.RELEASE / "config.json").read_text())
    sys.path.insert(0, str(place.RELEASE / "strategies"))  # as Freqtrade does meanwhile
    for file in files:
        spec = importlib.util.spec_from_file_location(f"read_{file.stem}", file)
        try:
            if spec is not None and spec.loader is not None:
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                found += unread(getattr(module, config["strategy"], None), config, file.name)
        except Exception as error:  # noqa: BLE001  a strategy may raise anything at all
            found += raised(error, file.name)
    return found or absent(files, config["strategy"])


def unread(strategy: Any, config: dict[str, Any], file: str) -> list[Finding]:
    """Return the file that a strategy lacks when it is made: Freqtrade takes that for no directory of strategies.

    Args:
        strategy: Its class, None where the file has none of that name.
        config: The configuration of the release.
        file: The file that has the class.
    """
    try:
        if strategy is not None:
            strategy({**config, "user_data_dir": place.DATA})
    except FileNotFoundError as error:
        return raised(error, file)
    except Exception:  # noqa: BLE001  of all others Freqtrade says itself what is wrong
        return []
    return []


def raised(error: Exception, file: str = "") -> list[Finding]:
    """Return an error of a strategy with the line that is to blame; nothing where it comes from none of its files.

    Args:
        error: The error.
        file: The file that was read, where it was none but one of the strategy's.
    """
    strategies = (place.RELEASE / "strategies").resolve()
    places = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno or 0))
    resolved = [(Path(path).resolve(), line) for path, line in places]
    own = [(str(path.relative_to(strategies)), line) for path, line in resolved if strategies in path.parents]
    if not own and not file:
        return []
    name, line = own[-1] if own else (file, 0)
    found = {"path": [], "file": name, "line": line, "why": f"{type(error).__name__}: {str(error)[:LONGEST]}"}
    if isinstance(error, ModuleNotFoundError) and error.name:
        first = error.name.partition(".")[0]
        module = error.name if (strategies / first).is_dir() else first
        return [{**found, "kind": "missing", "module": module}]
    return [{**found, "kind": "broken"}]


def absent(files: list[Path], strategy: str) -> list[Finding]:
    """Return the classes that there are, where its strategy is none of them."""
    names = [name for file in files for name in re.findall(r"^class +(\w+)", file.read_text(errors="replace"), re.M)]
    return [] if strategy in names else [{"path": [], "kind": "absent", "strategy": strategy, "names": names}]
