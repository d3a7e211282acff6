"""The code that a foreign Freqtrade trades by: found where Freqtrade finds it, and compared with that of the bot.

Two strategies of one name may have different code. So the file of the old one, its file of parameters, and what it
imports of the files beside it and in directories below are compared with those of the bot, and what differs has to be
accepted like a setting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..base.errors import Refused
from ..deploy import installed, policy, strategy_source
from .dropped import LONGEST, NONE, STRATEGY, Dropped

SHORT_DIGEST = 12
HIDDEN = "[not shown]"
# Runs in the old container, and reads the sources without running them. Freqtrade looks into the directory of the last
# `walk` first, and in a directory takes the first file that has the class.
PROGRAM = """
import ast
LARGEST = 1000000

def source(path):
    if not os.path.isfile(path) or os.path.getsize(path) > LARGEST:
        raise OSError(path + " is no file, or longer than " + str(LARGEST) + " bytes")
    with open(path, encoding="utf-8", errors="surrogateescape") as stream:
        return stream.read().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

def tree_of(text):
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])

def imported(text, below):
    for node in ast.walk(tree_of(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            base = below[:len(below) - node.level + 1] if node.level else []
            for alias in node.names:
                yield base + (node.module.split(".") if node.module else []) + [alias.name]

def beside(place, text, below):
    for parts in imported(text, below):
        for end in range(1, len(parts) + 1):
            whole = os.path.join(*parts[:end])
            for name in (whole + ".py", os.path.join(whole, "__init__.py")):
                if os.path.isfile(os.path.join(place, name)):
                    yield name

def having(place, name):
    found = {}
    for entry in os.listdir(place) if os.path.isdir(place) else []:
        path = os.path.join(place, entry)
        if entry.endswith(".py") and os.path.isfile(path):
            text = source(path)
            if any(isinstance(node, ast.ClassDef) and node.name == name for node in ast.walk(tree_of(text))):
                found[path] = text
    return found

def code_of(config):
    name, own = str(config.get("strategy")), os.path.join(str(config["user_data_dir"]), "strategies")
    if ":" in name:
        return {"error": "its code stands in the name of its strategy"}
    below = [place for place, _, _ in os.walk(own)] if config.get("recursive_strategy_search") else []
    first = [str(config["strategy_path"])] if config.get("strategy_path") else []
    for place in [*first, *reversed(below), own]:
        found = having(place, name)
        if len(set(found.values())) > 1:
            return {"error": "several files have its class: " + ", ".join(sorted(found))}
        if found:
            return files_of(min(found))
    return {"error": "no file has its class"}

def files_of(main):
    files, paths = {}, {}
    parameters, place = os.path.splitext(main)[0] + ".json", os.path.dirname(os.path.realpath(main))
    waiting = [(os.path.basename(path), path) for path in [main, parameters] if os.path.exists(path)]
    while waiting:
        name, path = waiting.pop()
        if name not in files:
            files[name], paths[name] = source(path), path
            below = name.split("/")[:-1]
            found = beside(place, files[name], below) if name.endswith(".py") else []
            waiting += [(each, os.path.join(place, each)) for each in found]
    written = [[os.path.getmtime(path), path] for path in paths.values()]
    return {"main": os.path.basename(main), "files": files, "written": written}
"""


@dataclass(frozen=True)
class Code:
    """The code of a strategy.

    Attributes:
        main: The name of the file that has its class; empty where that is not known.
        files: That file, its parameters and what it imports of the files beside it and below, by path.
        error: Why it is not known; empty where it is.
    """

    main: str = ""
    files: Mapping[str, str] = field(repr=False, default_factory=dict)
    error: str = ""


def read(said: Any) -> Code:
    """Return the code that the program in the old container found.

    Raises:
        Refused: It is not what the program prints.
    """
    if isinstance(said, dict) and isinstance(said.get("error"), str) and said["error"]:
        return Code(error=said["error"])
    files, main = (said.get("files"), said.get("main")) if isinstance(said, dict) else (None, None)
    texts = isinstance(files, dict) and all(isinstance(text, str) for text in files.values())
    if isinstance(files, dict) and texts and isinstance(main, str) and main in files:
        return Code(main, files)
    raise Refused("the code of its strategy cannot be read: that answer is not understood")


def of_files(files: Mapping[str, str], strategy: str) -> Code:
    """Return the code of a strategy among the files of its directory."""
    return Code(strategy_source.file_of(files, strategy), files)


def differences(before: Code, after: Code) -> list[Dropped]:
    """Return the files of a strategy that the bot would have otherwise, each with both digests and both first lines.

    Args:
        before: The code of the old one.
        after: The code of the bot.
    """
    if before.error:
        return [Dropped(STRATEGY, f"not known: {before.error}", after.main or NONE, matters=True)]
    parameters = (_parameters(before.main), _parameters(after.main))
    beside = sorted(set(before.files) - {before.main, parameters[0]})
    pairs = [(before.main, after.main), parameters, *((name, name) for name in beside)]
    return [_difference(old, new, before.files.get(old), after.files.get(new)) for old, new in pairs
            if before.files.get(old) != after.files.get(new)]  # fmt: skip


def _parameters(main: str) -> str:
    return f"{main.rpartition('.')[0]}.json"


def _difference(old: str, new: str, before: str | None, after: str | None) -> Dropped:
    line = installed.first_difference(before or "", after or "")
    name = f"{STRATEGY}.{old if before is not None else new}"
    return Dropped(name, _described(before, line), _described(after, line), matters=True)


def _described(text: str | None, line: int) -> str:
    """Return a file in short: its digest, and the line from which on it differs."""
    if text is None:
        return NONE
    lines = text.splitlines()
    shown = lines[line - 1].strip()[:LONGEST] if line <= len(lines) else "its end"
    shown = HIDDEN if policy.SENSITIVE.search(shown) or policy.IN_ADDRESS.search(shown) else shown
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:SHORT_DIGEST]
    return f"sha256 {digest}, line {line}: {shown}"
