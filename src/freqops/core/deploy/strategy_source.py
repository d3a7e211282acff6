"""The sources of a strategy, read without running them: what it settles itself, and files that would not be used.

Files are named by their path below the directory of the strategy. Freqtrade looks for the class of a strategy, and for
its parameters, in that directory itself; what lies in directories below it is imported, or data.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

PARAMETERS = "params"
NAMED = "strategy_name"
GATE = "EntryGate"
PLAIN_BASES = ("IStrategy", "object", "ABC")  # of which it is known that they are no entry gate
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class _Class:
    """A class of a file: what it inherits from, and the attributes that it gives itself.

    Attributes:
        file: The path of the file.
        bases: The names of its bases.
        attributes: The attributes.
        computed: Whether a base, or what makes the class, is more than a name.
    """

    file: str
    bases: tuple[str, ...]
    attributes: frozenset[str]
    computed: bool = False


def settled(files: Mapping[str, str], strategy: str) -> frozenset[str]:
    """Return the attributes that a strategy gives itself, or inherits from classes of the same files.

    Args:
        files: The files of its directory, by path.
        strategy: The name of its class.
    """
    classes = _all_classes(files)
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [strategy] if file_of(files, strategy) else []
    while waiting:
        name = waiting.pop()
        if name in classes and name not in seen:
            seen.add(name)
            found |= classes[name].attributes
            waiting += classes[name].bases
    if seen:
        parameters = _parsed(files.get(_beside(classes[strategy].file, ".json"), ""))
        sections = parameters.get(PARAMETERS) if isinstance(parameters, dict) else None
        found |= set(sections) if isinstance(sections, dict) else set()
    return frozenset(found)


def gated(files: Mapping[str, str], strategy: str) -> bool | None:
    """Return whether a strategy has the entry gate; None where its sources alone do not tell.

    Args:
        files: The files of its directory, by path.
        strategy: The name of its class.
    """
    classes = _all_classes(files)
    seen: set[str] = set()
    unknown = not file_of(files, strategy) or _twice(files)
    waiting = [strategy]
    while waiting:
        name = waiting.pop()
        if name == GATE and name not in classes:
            return True
        if name in classes and name not in seen:
            seen.add(name)
            waiting += classes[name].bases
            unknown |= classes[name].computed
        elif name not in (*classes, *PLAIN_BASES):
            unknown = True
    return None if unknown else False


def _twice(files: Mapping[str, str]) -> bool:
    """Whether two classes of the files have one name, so that it is not known which of them is meant."""
    names = [name for file, tree in _trees(files) for name, _ in _classes(file, tree)]
    return len(set(names)) != len(names)


def file_of(files: Mapping[str, str], strategy: str) -> str:
    """Return the name of the file that has a strategy's class; empty where none has it in which Freqtrade looks."""
    found = _all_classes(files).get(strategy)
    return found.file if found is not None and _is_beside(found.file) else ""


def unusable(files: Mapping[str, str], strategy: str, directories: Mapping[str, str]) -> Iterator[str]:
    """Yield why a strategy would run without what lies beside it: its parameters, or what it imports.

    Args:
        files: The files of its directory, by path.
        strategy: The name of its class.
        directories: The directories among them that reach no host, each with what it is.
    """
    own = file_of(files, strategy)
    for name in sorted(name for name in files if name.endswith(".json") and _is_beside(name)):
        source = _beside(name, ".py")
        if source not in files:
            if f'"{NAMED}"' in files[name]:
                yield f"{name} has parameters that nothing reads: there is no {source} beside it"
        elif own in ("", source):
            yield from _wrong_parameters(name, files[name])
    imported = {root for file, tree in _trees(files) for root in _imported(tree, beside=_is_beside(file))}
    for name in sorted(imported & set(directories)):
        wrong = f"the directory {name} is imported, and is {directories[name]}, of which nothing reaches a host"
        yield f"{wrong}: put a directory with its files in its place"


def _wrong_parameters(name: str, text: str) -> Iterator[str]:
    """Yield the faults of the parameters of a strategy: Freqtrade would trade without them."""
    document, cure = _parsed(text), "so Freqtrade would trade without it: write it again, or take it away"
    if document is None:
        yield f"{name} is no JSON, {cure}"
    elif not isinstance(document, dict) or NAMED not in document or not isinstance(document.get(PARAMETERS), dict):
        yield f"{name} has no {NAMED} and {PARAMETERS}, {cure}"


def _beside(name: str, suffix: str) -> str:
    return str(PurePath(name).with_suffix(suffix))


def _is_beside(name: str) -> bool:
    """Whether a file lies in the directory of the strategy itself."""
    return "/" not in name


def _all_classes(files: Mapping[str, str]) -> dict[str, _Class]:
    """Return the classes of all files; of two of one name the one that may be a strategy."""
    found = [(name, each) for file, tree in _trees(files) for name, each in _classes(file, tree)]
    return dict(sorted(found, key=lambda pair: _is_beside(pair[1].file)))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _trees(files: Mapping[str, str]) -> Iterator[tuple[str, ast.Module]]:
    """Yield the sources that this Python can read; of the others, Freqtrade in the image is the judge."""
    for name, text in files.items():
        if name.endswith(".py"):
            try:
                yield name, ast.parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue


def _classes(file: str, tree: ast.Module) -> Iterator[tuple[str, _Class]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = [base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases]
            computed = "" in bases or bool(node.decorator_list or node.keywords)
            yield node.name, _Class(file, tuple(bases), frozenset(_attributes(node)), computed)


def _attributes(node: ast.ClassDef) -> Iterator[str]:
    """Yield the attributes that a class gives itself: in its body, as properties, and by ``self.name = …``."""
    for statement in node.body:
        is_function = isinstance(statement, FUNCTIONS)
        if isinstance(statement, FUNCTIONS):
            yield statement.name
        if isinstance(statement, ast.AnnAssign) and statement.value is None:
            continue
        for each in ast.walk(statement):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store) and not is_function:
                yield each.id
            yield from _of_self(each)


def _of_self(node: ast.AST) -> Iterator[str]:
    """Yield the name in ``self.name = …``."""
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
        yield from [node.attr] if node.value.id == "self" else []


def _imported(tree: ast.Module, *, beside: bool) -> Iterator[str]:
    """Yield the first part of the name of each module that a source imports.

    Args:
        tree: The source.
        beside: Whether a relative import in it begins in the directory of the strategy.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (beside or not node.level):
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from (name.partition(".")[0] for name in names)
