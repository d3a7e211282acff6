"""Freqtrade of a Compose project that is left alone for now: declared by name, and named whenever it is met.

A person takes over one Freqtrade of a host after the other. Until the last one is adopted, `host_left_alone` says which
of them freqops must expect there. Such a process belongs to no bot: it is in the answers of a host with what belongs to
none, with the mark of its project; see `foreign_process`.

Nothing that a process says of itself counts. Its container is the one that the kernel names, in a place where only root
makes groups, and the project is that in the engine's own file of that container. What cannot be read, or means two
things, is of no project: the process is undeclared.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..base import kinds, root_file, strict_json
from ..base.errors import Refused
from ..base.kinds import Malformed
from ..base.visible import visible
from . import processes
from .compose_files import NAMES, compose_file
from .layout import ROOT
from .processes import Process

VARIABLE = "host_left_alone"
FORMAT = 1
INIT, INIT_SCOPE = "1", "/init.scope"  # where systemd puts itself, below the root of all groups
KEYS = ("project", "reason")
MOST, LONGEST_PROJECT, LONGEST_REASON = 20, 500, 200
FILE_BYTES, CONTAINER_BYTES = 262_144, 4_194_304
CONFIG_FILES, WORKING_DIR = "com.docker.compose.project.config_files", "com.docker.compose.project.working_dir"
CONTAINER = re.compile(r"[0-9a-f]{64}", re.ASCII)
SCOPE = re.compile(r"docker-([0-9a-f]{64})\.scope", re.ASCII)


@dataclass(frozen=True)
class Places:
    """The places from which a host knows what is left alone, and to which project a process belongs.

    Attributes:
        file: What deploy wrote.
        containers: The engine's files of its containers. An engine that keeps them elsewhere is not looked for.
        proc: What the kernel says of processes.
        owner: The number of the user who must own these files; root, but in tests.
    """

    file: Path = Path("/etc/freqops/left_alone.json")
    containers: Path = Path("/var/lib/docker/containers")
    proc: Path = processes.PROC
    owner: int = root_file.ROOT_UID


@dataclass(frozen=True)
class Project:
    """A project that is left alone.

    Attributes:
        project: Its Compose file on the host, or the directory of it.
        reason: Why it is left alone.
    """

    project: str
    reason: str

    @property
    def file(self) -> Path | None:
        """Its Compose file by its real path; None where there is none, or where it is one of freqops' own."""
        try:
            found = compose_file(Path(self.project)).resolve()
        except (Refused, OSError, ValueError, RuntimeError):  # the last is a circle of links
            return None
        return None if _is_ours(found) else found


def project(entry: object) -> Project:
    """Return the project that an entry of `VARIABLE` declares.

    Raises:
        Refused: It is none; the text names the fault, and behind a semicolon what is allowed.
    """
    if not isinstance(entry, Mapping) or set(entry) != set(KEYS):
        raise Refused(f"it is no mapping of {' and '.join(KEYS)}; each one has these two")
    said = {key: _line(key, entry[key]) for key in KEYS}
    path = PurePosixPath(said["project"])
    if not path.is_absolute() or path.root != "/" or ".." in path.parts or len(said["project"]) > LONGEST_PROJECT:
        raise Refused(
            f"project '{visible(said['project'], kinds.SHOWN)}' is not allowed; write the absolute path of its Compose "
            f"file on the host, or of its directory, without '..' and with at most {LONGEST_PROJECT} characters"
        )
    if _is_ours(Path(path)):
        raise Refused(f"project '{visible(str(path), kinds.SHOWN)}' is one of freqops' own; leave it out")
    if len(said["reason"]) > LONGEST_REASON:
        raise Refused(f"its reason is too long; write at most {LONGEST_REASON} characters")
    return Project(str(path), said["reason"])


def projects(entries: object) -> list[Project]:
    """Return the projects that all entries declare.

    Raises:
        Refused: As `project`; or there are too many, or two for the same project.
    """
    if not isinstance(entries, list) or len(entries) > MOST:
        raise Refused(f"it is no list of at most {MOST}; adopt some of them")
    found: list[Project] = []
    for entry in entries:
        one = project(entry)
        if any(_is_same(one, other) for other in found):
            raise Refused(f"project '{visible(one.project, kinds.SHOWN)}' stands there twice; say it once")
        found.append(one)
    return found


def load(places: Places) -> list[Project]:
    """Return the projects that are left alone on this host, as deploy wrote them; none where there is no such file.

    Raises:
        Malformed: The file is not exactly what deploy writes, or another user could have written it.
    """
    try:
        return projects(_of_file(strict_json.parse(root_file.read(places.file, places.owner, FILE_BYTES))))
    except root_file.Missing:
        return []
    except (root_file.Untrusted, Refused, Malformed) as error:
        raise Malformed(f"{places.file}: {error}") from None


def _of_file(document: object) -> object:
    if not isinstance(document, dict) or set(document) != {"version", "projects"} or document["version"] != FORMAT:
        raise Malformed(f"it is no list of projects in format {FORMAT}")
    return document["projects"]


def by_file(declared: Sequence[Project]) -> dict[Path, Project]:
    """Return projects by their Compose files; of two for one file the first one counts."""
    files = [(each.file, each) for each in reversed(declared)]
    return {file: each for file, each in files if file is not None}


def owner_of(process: Process, declared: Mapping[Path, Project], places: Places) -> Path | None:
    """Return the Compose file of the declared project to which a process belongs, None where it belongs to none.

    Args:
        process: A process that belongs to no bot of the host.
        declared: The projects that are left alone, by their Compose files.
        places: Where the host says whose it is.

    Raises:
        Malformed, OSError, root_file.Missing, root_file.Untrusted: Nothing certain is said of it.
    """
    if process.bot is not None:  # the conf of a bot is mounted in it
        return None
    own, of_init = (places.proc.joinpath(pid, "cgroup").read_text() for pid in (str(process.pid), INIT))
    container = container_in(own, of_init)
    if container is None:
        return None
    made_by = _made_by(container, places)
    return made_by if made_by in declared else None


def container_in(cgroup: str, of_init: str) -> str | None:
    """Return the container that the control groups of a process name, None where it is none, or not certain.

    Only root makes groups in the two places where Docker makes its own. A group of that name elsewhere may be anybody's
    who has a session of systemd.

    Args:
        cgroup: The groups of the process, as the kernel lists them.
        of_init: Those of the first process of the host, from which on they are read: a host may be a container itself.
    """
    roots = {hierarchy: _above(path, INIT_SCOPE) for hierarchy, path in _groups(of_init)}
    found: set[str | None] = set()
    for hierarchy, path in _groups(cgroup):
        root = roots.get(hierarchy, "")
        steps = (path[len(root) :] if path == root or path.startswith(root + "/") else path).split("/")
        named = [step for step in steps if CONTAINER.fullmatch(step) or SCOPE.fullmatch(step)]
        if named:
            found.add(_container(steps) if len(named) == 1 else None)
    return found.pop() if len(found) == 1 else None


def _groups(cgroup: str) -> list[tuple[str, str]]:
    """Return number and controllers of each hierarchy, and the path of the group in it."""
    lines = [line.split(":", 2) for line in cgroup.splitlines()]
    return [(f"{line[0]}:{line[1]}", line[2]) for line in lines if len(line) == 3]


def _above(path: str, last: str) -> str:
    """Return a path without its last step where it is that one, and without a slash at its end."""
    return (path[: -len(last)] if path.endswith(last) else path).rstrip("/")


def _container(steps: list[str]) -> str | None:
    if steps[:2] == ["", "docker"] and CONTAINER.fullmatch(steps[2]):
        return steps[2]
    scope = SCOPE.fullmatch(steps[2]) if steps[:2] == ["", "system.slice"] else None
    return scope.group(1) if scope else None


def _made_by(container: str, places: Places) -> Path | None:
    """Return the Compose file that made a container, by its real path; None where none did."""
    data = root_file.read(places.containers / container / "config.v2.json", places.owner, CONTAINER_BYTES)
    document = strict_json.parse(data)
    if not _CONTAINER(document) or document["ID"] != container:
        raise Malformed("it is no description of that container")
    labels = document["Config"].get("Labels")
    if not _LABELS(labels):
        return None
    path = Path(labels[WORKING_DIR], labels[CONFIG_FILES].split(",")[0])  # the first one makes the project
    return Path(os.path.realpath(path)) if path.is_absolute() else None


def _line(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or value != visible(value, None):
        raise Refused(f"its {key} is '{visible(value, kinds.SHOWN)}'; write it as one line of text")
    return value.strip()


def _is_ours(path: Path) -> bool:
    return path == ROOT or ROOT in path.parents


def _is_same(one: Project, other: Project) -> bool:
    """Return whether both name the same: one path, or the Compose file and its directory."""
    paths = PurePosixPath(one.project), PurePosixPath(other.project)
    beside = [path.parent if path.name in NAMES else path for path in paths]
    return paths[0] == paths[1] or (beside[0] == beside[1] and beside[0] in paths)


_LABELS = kinds.having(**{CONFIG_FILES: kinds.text, WORKING_DIR: kinds.text})
_CONTAINER = kinds.having(ID=kinds.text, Config=kinds.object_)
