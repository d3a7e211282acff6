"""Who may import whom, and what must not be in the repository: the rules of the house, kept by a test."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "freqops"
ARROWS = {  # each room, and the rooms of which it imports: all of them stand above it
    "core/base": (),
    "core/logs": ("core/base",),
    "core/bot": ("core/base", "core/logs"),
    "core/halt": ("core/base", "core/bot"),
    "core/exchange": ("core/base",),
    "core/incident": ("core/base", "core/bot"),
    "core/hardening": ("core/base",),
    "core/breaker": ("core/base", "core/bot", "core/halt"),
    "core/deploy": ("core/base", "core/bot", "core/halt"),
    "core/preflight": ("core/base", "core/bot", "core/exchange"),
    "core/takeover": ("core/base", "core/bot", "core/halt", "core/exchange", "core/deploy"),
    "core/results": ("core/base",),
    "core/runs": (
        *("core/base", "core/bot", "core/breaker", "core/deploy", "core/halt", "core/incident", "core/preflight"),
        *("core/results",),
    ),
    "core/backup": (
        *("core/base", "core/bot", "core/halt", "core/incident"),
        *("core/breaker", "core/preflight", "core/runs"),
    ),
    "core/maintenance": ("core/base", "core/bot", "core/backup"),
    "core/migration": ("core/base", "core/bot", "core/halt", "core/backup"),
    "core/schedule": ("core/base",),
    "core/promotion": ("core/base", "core/bot", "core/deploy"),
    "core/security": ("core/base", "core/bot"),
    "core/retention": ("core/base", "core/preflight", "core/runs"),
    "strategy": ("core/bot", "core/halt"),
    "witness": (),
    "research": (),
    "hostctl/bot": (
        *("core/base", "core/bot", "core/halt", "core/exchange", "core/deploy"),
        *("core/breaker", "core/incident", "core/backup"),
    ),
    "hostctl/logs": ("core/base", "core/bot", "core/incident", "core/logs"),
    "hostctl/incident": ("core/base", "core/bot", "core/halt", "core/incident", "core/runs", "hostctl/logs"),
    "hostctl/exchange": ("core/base", "core/bot", "core/halt", "core/exchange", "hostctl/bot", "hostctl/incident"),
    "hostctl/halt": (
        *("core/base", "core/bot", "core/halt", "core/exchange", "core/breaker"),
        *("hostctl/bot", "hostctl/incident", "hostctl/exchange"),
    ),
    "hostctl/breaker": (
        *("core/base", "core/bot", "core/halt", "core/breaker"),
        *("hostctl/bot", "hostctl/incident", "hostctl/halt"),
    ),
    "hostctl/deploy": (
        *("core/base", "core/bot", "core/halt", "core/deploy", "core/hardening"),
        *("hostctl/bot", "hostctl/incident", "hostctl/halt"),
    ),
    "hostctl/backup": (
        *("core/base", "core/bot", "core/halt", "core/incident", "core/breaker", "core/deploy", "core/backup"),
        *("core/runs", "hostctl/bot", "hostctl/incident", "hostctl/breaker", "hostctl/deploy"),
    ),
    "hostctl/maintenance": (
        *("core/base", "core/bot", "core/halt", "core/backup", "core/deploy", "core/maintenance"),
        *("hostctl/bot", "hostctl/backup", "hostctl/deploy"),
    ),
    "hostctl/migration": (
        *("core/base", "core/bot", "core/halt", "core/backup", "core/migration"),
        *("hostctl/bot", "hostctl/incident", "hostctl/exchange", "hostctl/halt", "hostctl/deploy", "hostctl/backup"),
    ),
    "hostctl/secrets": (
        *("core/base", "core/bot", "core/halt"),
        *("hostctl/bot", "hostctl/incident", "hostctl/exchange", "hostctl/halt", "hostctl/deploy"),
    ),
    "hostctl/takeover": (
        *("core/base", "core/bot", "core/halt", "core/breaker", "core/deploy", "core/takeover", "core/backup"),
        *("hostctl/bot", "hostctl/incident", "hostctl/exchange", "hostctl/deploy"),
    ),
    "hostctl/recovery": (
        *("core/base", "core/bot", "core/halt", "core/takeover"),
        *("hostctl/backup", "hostctl/bot", "hostctl/incident", "hostctl/deploy", "hostctl/maintenance"),
        *("hostctl/takeover",),
    ),
    "hostctl/runs": (
        *("core/base", "core/bot", "core/deploy", "core/halt", "core/results", "core/runs"),
        *("hostctl/bot", "hostctl/logs"),
    ),
    "hostctl/security": (
        *("core/base", "core/bot", "core/security"),
        *("hostctl/bot", "hostctl/incident", "hostctl/exchange"),
    ),
    "hostctl/retention": (
        *("core/base", "core/bot", "core/halt", "core/incident", "core/deploy", "core/runs", "core/backup"),
        *("core/retention", "hostctl/bot", "hostctl/logs", "hostctl/incident", "hostctl/deploy", "hostctl/backup"),
        *("hostctl/runs",),
    ),
    "hostctl/commands": (
        *("core/base", "core/bot", "core/halt", "core/incident", "core/deploy", "core/breaker", "core/runs"),
        *("hostctl/bot", "hostctl/incident", "hostctl/exchange", "hostctl/halt"),
        *("hostctl/deploy", "hostctl/secrets", "hostctl/takeover", "hostctl/recovery"),
        *("hostctl/breaker", "hostctl/runs", "core/backup", "hostctl/backup", "core/schedule"),
        *("core/logs", "hostctl/logs", "core/retention", "hostctl/retention"),
        *("core/maintenance", "hostctl/maintenance", "core/exchange"),
        *("core/migration", "hostctl/migration", "core/promotion"),
        *("core/security", "hostctl/security"),
    ),
    "hostctl": ("core/base", "core/bot", "core/halt", "hostctl/commands", "hostctl/logs"),
    "fleet": ("core/base",),
    "schedule": ("core/base", "core/schedule"),
    "reports": ("core/base", "core/results", "core/runs", "core/security"),
    "plays": (
        *("core/base", "core/bot", "core/deploy", "core/halt", "core/incident", "core/preflight", "core/results"),
        *("core/runs", "core/security", "fleet", "reports"),
    ),
    "lab/exchange": (),
    "lab/base": (),
    "lab/engine": ("lab/base",),
    "lab/images": ("lab/base", "lab/engine"),
    "lab/hosts": ("lab/base", "lab/engine"),
    "lab/services": ("lab/exchange", "lab/base", "lab/engine", "lab/images"),
    "lab": ("core/base", "lab/base", "lab/engine", "lab/images", "lab/hosts", "lab/services"),
}
WITHOUT_ANSIBLE = ("src/freqops/fleet", "src/freqops/schedule", "src/freqops/reports", "lab")
OLDEST = (3, 9)
SHIPPED = ("core", "hostctl")  # to hosts, whose Python may be old
MODULE_UTILS = "ansible.module_utils"
FORBIDDEN = ("/" + "work/", "../" + "shared")


def sources(*below: str) -> list[Path]:
    return sorted(path for name in below for path in (ROOT / name).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Give every imported module by its full name, and whether it was named relatively."""
    package = path.relative_to(ROOT / "src").parts[:-1] if path.is_relative_to(ROOT / "src") else ()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names = [alias.name for alias in node.names]
            whole = [f"{module}.{name}" for name in names] if _is_package(module) else [module]
            yield from ((name, node.level > 0) for name in whole)


@cache
def _is_package(module: str) -> bool:
    home = {"freqops": ROOT / "src", "lab": ROOT}.get(module.removeprefix(f"{MODULE_UTILS}.").split(".")[0])
    return home is not None and (home / module.removeprefix(f"{MODULE_UTILS}.").replace(".", "/")).is_dir()


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


CORE, LIBRARY, ACTIONS = sources("src/freqops/core"), sources("library"), sources("action_plugins")


def test_there_is_something_to_look_at() -> None:
    assert len(CORE) > 10
    assert len(sources("src")) > 25


@pytest.mark.parametrize("path", CORE, ids=names(CORE))
def test_core_imports_the_standard_library_and_itself_by_relative_name(path: Path) -> None:
    for module, relative in imports(path):
        if relative:
            assert module.startswith("freqops.core."), f"{module} is not core"
        else:
            assert module.split(".")[0] in sys.stdlib_module_names, f"{module} is not of the standard library"


def rooms() -> set[str]:
    """Return every directory that has modules, by its path below the package or the project."""
    found = {path.parent for path in sources("src/freqops", "lab") if path.name != "__init__.py"}
    return {str(path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else ROOT)) for path in found}


def test_a_directory_of_unit_tests_has_the_name_of_a_room() -> None:
    """What lies below that of a room belongs to the same one; modules and scripts are no rooms."""
    unit = ROOT / "tests" / "unit"
    found = {path.parent.relative_to(unit).parts[:2] for path in unit.rglob("test_*.py")} - {()}
    assert {"/".join(parts) for parts in found} <= {*ARROWS, "library", "scripts"}


def room_of(module: str) -> str:
    """Return the room in which a module stands, given its full name."""
    parts = module.removeprefix("freqops.").split(".")
    return max((room for room in ARROWS if room.split("/") == parts[: room.count("/") + 1]), key=len)


def arrows(room: str) -> set[str]:
    """Return the other rooms of which a room imports."""
    home = ROOT if room in ("lab", *(other for other in ARROWS if other.startswith("lab/"))) else PACKAGE
    modules = {module for path in (home / room).glob("*.py") for module, _ in imports(path)}
    return {room_of(module) for module in modules if module.split(".")[0] in ("freqops", "lab")} - {room}


def test_every_room_has_its_arrows_and_no_other_is_named() -> None:
    assert rooms() == set(ARROWS)


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_imports_exactly_of_the_rooms_named(room: str) -> None:
    assert arrows(room) == set(ARROWS[room])


def test_every_arrow_leads_to_a_room_that_stands_above() -> None:
    names_of_rooms = list(ARROWS)
    for number, (room, others) in enumerate(ARROWS.items()):
        assert set(others) <= set(names_of_rooms[:number]), room


@pytest.mark.parametrize("room", WITHOUT_ANSIBLE)
def test_a_room_that_works_without_ansible_imports_none(room: str) -> None:
    found = [path for path in sources(room) if any(module.split(".")[0] == "ansible" for module, _ in imports(path))]
    assert found == []


@pytest.mark.parametrize("path", sources("src/freqops/hostctl"), ids=names(sources("src/freqops/hostctl")))
def test_what_hosts_run_needs_nothing_installed(path: Path) -> None:
    for module, _ in imports(path):
        assert module.split(".")[0] in (*sys.stdlib_module_names, "freqops"), module


def test_evidence_is_written_by_one_module() -> None:
    """Others may know where the files of an incident lie; `recorded` alone writes them, but for the journals."""
    places = [path for path in sources("src/freqops/hostctl") if '"incidents"' in path.read_text()]
    assert [path.stem for path in places if "write_json" in path.read_text()] == ["recorded"]


def test_the_package_itself_imports_nothing() -> None:
    assert list(imports(PACKAGE / "__init__.py")) == []


def test_modules_are_thin() -> None:
    """Annotations aside, a module may use Ansible's own base class and our core."""
    for path in LIBRARY:
        for module, relative in imports(path):
            ours = module.startswith(f"{MODULE_UTILS}.freqops.core.")
            allowed = ours or module == f"{MODULE_UTILS}.basic" or module.split(".")[0] in sys.stdlib_module_names
            assert allowed, f"{path}: {module}"
            assert not relative, f"{path}: {module}"


def test_action_plugins_take_no_rule_from_elsewhere_than_core_fleet_and_plays() -> None:
    for path in ACTIONS:
        for module, relative in imports(path):
            plain = module.replace(f"{MODULE_UTILS}.", "")
            if plain.startswith("freqops"):
                assert plain.startswith(("freqops.core.", "freqops.fleet.", "freqops.plays.")), f"{path}: {module}"
            assert not relative


@pytest.mark.parametrize("package", SHIPPED)
def test_what_is_shipped_is_python_of_the_oldest_host(package: str) -> None:
    for path in sources(f"src/freqops/{package}"):
        ast.parse(path.read_text(), feature_version=OLDEST)


def test_core_does_nothing_at_import() -> None:
    """No input or output: only definitions, constants and imports stand at the top level."""
    allowed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    for path in CORE:
        for node in ast.parse(path.read_text()).body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            assert docstring or isinstance(node, allowed), f"{path}:{node.lineno}"


def test_the_configuration_below_playbooks_is_that_of_the_root() -> None:
    """The first line of each, a comment, says so; every path begins one directory further up."""
    root = (ROOT / "ansible.cfg").read_text().splitlines()
    below = (ROOT / "playbooks" / "ansible.cfg").read_text().splitlines()
    assert root[0].startswith("# ")
    assert below[0].startswith("# ")
    assert below[1:] == [re.sub(r"(?<== )\./", "../", line) for line in root[1:]]
    assert any("= ./" in line for line in root)


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git has, or would add."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def test_no_file_points_out_of_the_repository() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in tracked()
        for word in FORBIDDEN
        if word.encode() in path.read_bytes()
    ]
    assert found == []


def test_git_is_asked_about_this_repository() -> None:
    assert ROOT / "pyproject.toml" in tracked()
