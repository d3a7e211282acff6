"""The files of strategies as their text tells them: which classes they name, and what they import.

Nothing is executed here. What a file really has, Freqtrade says where it can load it; this is what is known of one that
it cannot, and of imports that are only executed later.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator, Mapping

BASE = "IStrategy"
# Of which it is known that they are no strategies; what else is not known may be one.
PLAIN = (
    *("object", "ABC", "Protocol", "Generic", "NamedTuple", "TypedDict", "Enum", "IntEnum", "StrEnum", "Flag"),
    *("Exception", "ValueError", "RuntimeError", "dict", "list", "str", "int", "float"),
)
CLASS = re.compile(r"^class[ \t]+([A-Za-z_]\w{0,99})[ \t]*\(([^)]*)", re.MULTILINE)
GUARDS = ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def named(files: Mapping[str, str], file: str) -> list[str]:
    """Return the classes of a file that may be strategies, by what their bases are called.

    Args:
        files: The texts of all files beside it, by name.
        file: The name of the file.
    """
    bases = {name: found for text in files.values() for name, found in _classes(text).items()}
    return [name for name in _classes(files[file]) if _is_strategy(name, bases, frozenset())]


def _classes(text: str) -> dict[str, list[str]]:
    """Return the classes of a text with the names of their bases; of one that is no Python, what looks like some."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {name: re.findall(r"\w+", given) for name, given in CLASS.findall(text)}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {node.name: [ast.unparse(base).rpartition(".")[2] for base in node.bases] for node in nodes}


def _is_strategy(name: str, bases: Mapping[str, list[str]], seen: frozenset[str]) -> bool:
    if name == BASE:
        return True
    if name in seen:
        return False
    if name not in bases:
        return bool(seen) and name not in PLAIN
    return any(_is_strategy(base, bases, seen | {name}) for base in bases[name])


def missing(text: str) -> list[str]:
    """Return the modules that a text imports for certain when it is used, and that cannot be found."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [name for name in sorted({*_imported(tree)}) if not _is_there(name)]


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield the first parts of the names of imported modules, but for those that may fail, or are for types alone."""
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        yield node.module.partition(".")[0]
    elif isinstance(node, ast.If) and ast.unparse(node.test) in GUARDS:
        for child in node.orelse:
            yield from _imported(child)
    elif not isinstance(node, ast.Try):
        for inner in ast.iter_child_nodes(node):
            yield from _imported(inner)


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
