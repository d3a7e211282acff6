"""One fingerprint of everything that a deploy would bring to a host."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from freqops.core.base.errors import Refused

from . import brought_files

CODE = ("roles", "templates", "src/freqops", "library", "action_plugins", "playbooks")
NOT_CODE = ("__pycache__",)
OF_THE_HOST = ("host_", "docker_", "backup_")


def of_host(variables: Mapping[str, Any], names: Iterable[str], root: Path) -> str:
    """Return the fingerprint of the settings of the host itself, without its bots."""
    return fingerprint(variables, [name for name in names if name.startswith(OF_THE_HOST)], root)


def fingerprint(variables: Mapping[str, Any], names: Iterable[str], root: Path) -> str:
    """Return the fingerprint of all settings of one host.

    Args:
        variables: The host's variables, templated.
        names: The variables that roles read.
        root: The project: its code, and the files that the variables name, count as well.
    """
    inputs = {name: variables[name] for name in sorted(names) if name in variables}
    files = _named_files(inputs, variables.get("inventory_dir"), root)
    text = json.dumps([inputs, files, code(root)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code(root: Path) -> str:
    """Return a fingerprint of all code that has a part in a deploy."""
    paths = sorted(path for name in CODE for path in (root / name).rglob("*") if path.is_file())
    kept = [path for path in paths if not set(path.parts) & set(NOT_CODE)]
    text = json.dumps([[str(path.relative_to(root)), _digest(path)] for path in kept])
    return hashlib.sha256(text.encode()).hexdigest()


def _named_files(inputs: Mapping[str, Any], inventory_dir: str | None, root: Path) -> dict[str, str]:
    """Return a digest of each file on this machine that the variables name: strategies, and the lock of packages."""
    found: dict[str, str] = {}
    for bot in inputs.get("freqtrade_bots") or []:
        try:
            paths = brought_files.of_bot(bot, inventory_dir, root)
            found |= {str(path): _digest(path) for path in paths if str(path) not in found}
        except Refused as refusal:
            found[str(bot.get("name"))] = f"refused: {refusal}"
    packages = inputs.get("freqtrade_packages")
    if packages:
        path = brought_files.resolved(packages, inventory_dir)
        found[str(path)] = _digest(path)
    return found


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"
