"""restic, run on one repository; its exit status is believed for nothing but failure.

No secret is in its arguments: the password is a file, and the variables that the place of a repository needs are read
from a file of root's and given to this one process. Its answers are read as what they must be.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from freqops.core.backup import repository, snapshot
from freqops.core.backup.repository import Repository
from freqops.core.backup.store import checksum
from freqops.core.base import commands, kinds, root_file, strict_json
from freqops.core.base.errors import NotProven, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.base.visible import visible

PROGRAM = "restic"
LEAST = (0, 11)  # the oldest with which all of this was tried; 0.14 and 0.18 were tried, too
SECONDS, HOURS = 120.0, 6 * 3600.0
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C", "TZ": "UTC",
               "RESTIC_PROGRESS_FPS": "0.01"}  # fmt: skip
VERSION = re.compile(r"^restic (\d+)\.(\d+)")
TIME = "%Y-%m-%d %H:%M:%S"
LOCKED = re.compile(r"already locked|unable to create lock")
SOUND = "no errors were found"
ID = re.compile(r"^[0-9a-f]{64}$", re.ASCII)
PACK = re.compile(
    r"pack ([0-9a-f]{8,64})\b.*?: (?:does not exist|not found)|data/[0-9a-f]{2}/([0-9a-f]{64}): no such file"
)
DAMAGED = re.compile(r"(?:[Pp]ack|blob|tree|snapshot|index)\b.*?\b[0-9a-f]{8,64}\b")
SHOWN, NAMED = 400, 5
GLANCES = ("cat", "snapshots")  # each file that they read is whole or is not there; a lock costs 0.2 s
READS = ("cat", "snapshots", "ls", "dump", "restore", "check")  # all that is done with another host's
NOT_SET_UP = "{} does not let this host in yet; repositories.yml sets it up"
ROW: dict[str, kinds.Kind] = {"id": lambda value: isinstance(value, str) and ID.fullmatch(value) is not None}

Run = Callable[[Sequence[str], Mapping[str, str], float, "Path | None"], "subprocess.CompletedProcess[bytes]"]


class ResticError(NotProven):
    """restic did not do what it was asked, or said what it cannot mean; the text says why, and the cure."""


class NoRepository(ResticError):
    """There is no repository at its place."""


class Locked(ResticError):
    """Another restic that lives works on the repository."""


def run(
    words: Sequence[str], environment: Mapping[str, str], seconds: float, directory: Path | None
) -> subprocess.CompletedProcess[bytes]:
    """Run restic to its end, however it ends; see `freqops.core.base.commands.run`.

    Args:
        words: The program and its arguments.
        environment: All of its variables.
        seconds: Seconds after which it is told to end.
        directory: Where it runs.
    """
    try:
        return subprocess.run(
            list(words), env=dict(environment), cwd=directory, stdin=subprocess.DEVNULL, capture_output=True,
            check=False, timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        said = f"no end within {seconds:.0f} s".encode()
        return subprocess.CompletedProcess(list(words), commands.TOO_LATE, b"", said)
    except OSError as error:
        return subprocess.CompletedProcess(list(words), commands.NOT_THERE, b"", f"{words[0]}: {error}".encode())


def refuse_older(run_it: Run = run) -> str:
    """Return the version of restic.

    Raises:
        Refused: There is none, or it is older than `LEAST`.
    """
    done = run_it([PROGRAM, "version"], ENVIRONMENT, SECONDS, None)
    said = done.stdout.decode(errors="replace")
    found = VERSION.match(said)
    if done.returncode != 0 or found is None:
        raise Refused(f"restic does not run ({_last(done)}): deploy.yml installs it")
    if (int(found[1]), int(found[2])) < LEAST:
        least = ".".join(map(str, LEAST))
        raise Refused(f"restic {found[1]}.{found[2]} is older than {least}, with which nothing here was tried")
    return f"{found[1]}.{found[2]}"


@dataclass(frozen=True)
class Restic:
    """restic on one repository.

    Attributes:
        repository: The repository.
        root: The tree of freqops, in which its password is.
        run: What runs the program.
        owner: The user who must own password and variables; root, but in tests.
    """

    repository: Repository
    root: Path
    run: Run = run
    owner: int = root_file.ROOT_UID

    def identity(self) -> str:
        """Return the id that the repository bears.

        Raises:
            NoRepository: There is none at its place.
            ResticError: It cannot be opened.
        """
        said = self._object(self._done(["cat", "config"]).stdout)
        return str(kinds.value(said, "id", ROW["id"]))

    def init(self) -> None:
        """Make the repository."""
        self._done(["init"])

    def unlock(self) -> None:
        """Take away locks whose holders are gone; a lock whose holder lives stays."""
        self._done(["unlock"])

    def backup(self, directory: Path, host: str, moment: datetime | None = None) -> str:
        """Back up all that is in a directory, and return the id of the snapshot, which is nothing proven yet.

        Args:
            directory: The directory.
            host: The host whose backup it is.
            moment: When it was made; now where None.
        """
        names = sorted(path.name for path in directory.iterdir())
        then = [] if moment is None else ["--time", moment.astimezone(timezone.utc).strftime(TIME)]
        words = ["backup", "--json", "--host", host, "--tag", snapshot.TAG, "--force", *then, "--", *names]
        lines = self._done(words, HOURS, directory).stdout.splitlines()
        told = [self._object(line) for line in lines if b'"summary"' in line]
        short = [str(row["snapshot_id"]) for row in told if kinds.text(row.get("snapshot_id"))]
        found = [each for each in self.snapshots() if short and short[-1] and each.startswith(short[-1])]
        if len(found) != 1:
            raise ResticError(f"{self._name}: restic says that it made a snapshot, and none is there")
        return found[0]

    def snapshots(self) -> list[str]:
        """Return the ids of all snapshots, the oldest first."""
        rows = self._parsed(self._done(["snapshots", "--json"]).stdout)
        if rows is None:  # as an older restic says it of none
            return []
        if not kinds.list_of(kinds.object_)(rows):
            raise ResticError(f"{self._name}: restic lists its snapshots in a way that is not understood")
        times = [(str(row.get("time")), str(kinds.checked(row, ROW, ("id",))["id"])) for row in rows]
        return [number for _, number in sorted(times)]

    def files(self, number: str) -> dict[str, int]:
        """Return the size of each file of a snapshot by its path; whatever else is no directory has the size -1."""
        found: dict[str, int] = {}
        for line in self._done(["ls", "--json", number], HOURS).stdout.splitlines():
            row = self._object(line)
            if row.get("struct_type") == "node" and row.get("type") != "dir":
                size = row.get("size", 0) if row.get("type") == "file" else -1
                found[str(row.get("path", "")).lstrip("/")] = size if kinds.count(size) else -1
        return found

    def content(self, number: str, path: str) -> bytes:
        """Return the content of a file of a snapshot."""
        return self._done(["dump", number, f"/{path}"], SECONDS).stdout

    def restore(self, number: str, target: Path, parts: Sequence[str]) -> None:
        """Write the files of parts of a snapshot, and its manifest, below a directory."""
        wanted = [word for name in (*parts, snapshot.NAME) for word in ("--include", f"/{name}")]
        self._done(["restore", number, "--target", str(target), *wanted], HOURS)

    def forget(self, numbers: Sequence[str]) -> None:
        """Forget snapshots, and read back that these are gone, and no other."""
        before = set(self.snapshots())
        self._done(["forget", *numbers], HOURS)
        after = set(self.snapshots())
        if after & set(numbers) or not before - set(numbers) <= after:  # its host may have added one meanwhile
            raise ResticError(f"{self._name}: other snapshots are gone, or left, than were to be forgotten")

    def prune(self) -> None:
        """Give back the room of what no snapshot needs, and read back that the snapshots are the same."""
        before = set(self.snapshots())
        self._done(["prune"], HOURS)
        if not before <= set(self.snapshots()):  # its host may have added one meanwhile
            raise ResticError(f"{self._name}: its snapshots are others after it was pruned")

    def check(self, *, read_data: bool) -> None:
        """Have restic look whether everything is there; with ``read_data``, every byte is read.

        Raises:
            ResticError: Something is missing or damaged, each named; or restic does not say that all is well.
        """
        self._refuse_spoilt_keys()
        words = ["check", *(["--read-data"] if read_data else [])]
        done = self._asked(words, HOURS)
        said = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
        if done.returncode == 0 and SOUND in said.splitlines() and not PACK.search(said):
            return
        self._refuse_named(done)
        raise ResticError(f"{self._name}: it is damaged: {_damage(said)}")

    def _refuse_spoilt_keys(self) -> None:
        """Refuse a key that is not what it was: restic names each by its checksum, and never looks whether it fits.

        Raises:
            ResticError: There is one, in a repository on a disk of the host; elsewhere that cannot be seen.
        """
        keys = sorted(Path(self.repository.url, "keys").iterdir()) if self.repository.is_local else []
        spoilt = [path.name for path in keys if checksum(path) != path.name]
        if spoilt:
            raise ResticError(f"{self._name}: it is damaged: keys/{', keys/'.join(spoilt)}")

    @property
    def _name(self) -> str:
        return f"repository {self.repository.name}"

    def _asked(
        self, words: list[str], seconds: float, directory: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        options = ["--no-cache", "--password-file", str(self.repository.password(self.root)), *self._way()]
        if self.repository.of_host and words[0] not in READS:
            raise Refused(f"{self._name} is of the host {self.repository.of_host}: nothing is written to it")
        if self.repository.of_host or words[0] in GLANCES:
            options.append("--no-lock")  # a lock is a file in it
        self._trusted_password()
        argv = [PROGRAM, "--repo", self.repository.url, *options, *words]
        return self.run(argv, {**ENVIRONMENT, **self._variables()}, seconds, directory)

    def _done(
        self, words: list[str], seconds: float = SECONDS, directory: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Return the output of restic; a lock whose holder is gone is removed.

        Raises:
            ResticError: It ended with anything but 0.
        """
        done = self._asked(words, seconds, directory)
        mine = not self.repository.of_host and words[0] != "unlock"
        if done.returncode != 0 and mine and LOCKED.search(_text(done)):
            self.unlock()
            done = self._asked(words, seconds, directory)
        if done.returncode != 0:
            self._refuse_named(done)
            raise ResticError(f"{self._name}: restic {words[0]} ended with {done.returncode}: {_last(done)}")
        return done

    def _refuse_named(self, done: subprocess.CompletedProcess[bytes]) -> None:
        """Refuse an end that has a name.

        Raises:
            ResticError: It is one that is known, with its cure.
        """
        said = _text(done)
        name, url = self._name, self.repository.url
        if "wrong password" in said:
            raise ResticError(f"{name}: its password does not open it; {self.repository.password(self.root)} has it")
        if LOCKED.search(said):
            holder = next((line for line in said.splitlines() if "locked" in line), "")
            raise Locked(
                f"{name}: another restic that lives has it locked ({visible(holder, SHOWN)}): wait for its end"
            )
        if "no space left on device" in said:
            raise ResticError(f"{name}: the disk of {url} is full; what is there already is as it was")
        if re.search(r"unable to open config file: (?:Stat: )?(?:stat .*no such file|.*does not exist)", said):
            raise NoRepository(f"{name}: there is none at {url}")
        if "unable to open config file" in said or "unable to open repository" in said:
            raise ResticError(f"{name}: it cannot be reached at {url}: {_last(done)}")
        if done.returncode in (commands.TOO_LATE, commands.NOT_THERE):
            raise ResticError(f"{name}: {_last(done)}")
        if PACK.search(said):
            raise ResticError(f"{name}: it is damaged: {_damage(said)}")

    def _trusted_password(self) -> None:
        path = self.repository.password(self.root)
        try:
            root_file.read(path, self.owner)
        except (root_file.Missing, root_file.Untrusted) as error:
            raise ResticError(f"{self._name}: {path}: {error}") from None

    def _way(self) -> list[str]:
        """Return the options by which a repository on another host is reached; there are none for all others.

        Raises:
            ResticError: That host was never told of this one, or the key cannot be trusted.
        """
        if self.repository.at is None:
            return []
        key, known_hosts = self.repository.ssh_key(self.root), self.repository.known_hosts(self.root)
        for path in (key, known_hosts):
            try:
                root_file.read(path, self.owner)
            except root_file.Missing:
                raise ResticError(f"{self._name}: {NOT_SET_UP.format(self.repository.at.host)}") from None
            except root_file.Untrusted as error:
                raise ResticError(f"{self._name}: {path}: {error}") from None
        return self.repository.at.options(key, known_hosts)

    def _variables(self) -> dict[str, str]:
        path = self.repository.environment(self.root)
        if not path.exists():
            return {}
        try:
            return repository.variables(strict_json.parse(root_file.read(path, self.owner)))
        except (root_file.Missing, root_file.Untrusted, Malformed) as error:
            raise ResticError(f"{self._name}: {path}: {error}") from None

    def _parsed(self, data: bytes) -> Any:
        try:
            return strict_json.parse(data)
        except Malformed as error:
            raise ResticError(f"{self._name}: restic's answer cannot be read: {error}") from None

    def _object(self, data: bytes) -> dict[str, Any]:
        found = self._parsed(data)
        if not isinstance(found, dict):
            raise ResticError(f"{self._name}: restic's answer is no object")
        return found


def _last(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the last words of a program, on one line."""
    lines = [line for line in (done.stderr or done.stdout).decode(errors="replace").splitlines() if line.strip()]
    return visible("; ".join(lines[-3:]) or f"it ended with {done.returncode} and said nothing", SHOWN)


def _text(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace")


def _damage(said: str) -> str:
    """Return what is missing or damaged, each named."""
    missing = sorted({first or second for first, second in PACK.findall(said)})
    if missing:
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        return f"missing are the files of {', '.join(missing[:NAMED])}{more}"
    lines = said.splitlines()
    named = [line for line in lines if DAMAGED.search(line)] or [line for line in lines if "error" in line.lower()]
    return visible("; ".join(named[:NAMED]) or "restic does not say that no errors were found", SHOWN)
