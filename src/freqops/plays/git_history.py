"""What git says of a repository: every line that any commit of it ever added, and the files of secrets that it tracks.

Nothing of the repository is executed, nothing is fetched, and no setting of it decides what is shown.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from freqops.core.base.errors import FreqopsError
from freqops.core.base.visible import visible

GIT = ("git", "--no-replace-objects", "-c", "log.showSignature=false", "-c", "core.fsmonitor=false", "-c",
       "core.quotePath=true")  # fmt: skip
# Whatever the attributes and the settings of the repository say: every file is text, whole, and named as it is.
PATCHES = ("log", "--all", "--reverse", "--format=%x00%H", "--patch", "--unified=0", "--diff-merges=first-parent",
           "--text", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv", "--no-indent-heuristic",
           "--submodule=short", "--ignore-submodules=none", "--src-prefix=a/", "--dst-prefix=b/",
           "--full-history")  # fmt: skip
QUIET = {"LC_ALL": "C", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
         "GIT_GRAFT_FILE": os.devnull, "GIT_ATTR_NOSYSTEM": "1"}  # fmt: skip
HUNK = re.compile(rb"@@ -\d+(?:,(?P<before>\d+))? \+(?P<line>\d+)(?:,(?P<after>\d+))? @@")
COMMIT = re.compile(rb"\0([0-9a-f]{40,64})\n?")
ESCAPE = re.compile(rb'\\([0-7]{3}|[abtnvfr"\\])')
ESCAPES = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
PROMISED = re.compile(r"^(extensions\.partialclone|remote\..*\.promisor)\b", re.MULTILINE | re.IGNORECASE)
SECRETS = re.compile(r"(?:^|/)secrets\.(?:ya?ml|json)$")
SECONDS, MOST_BYTES, ASKED_SECONDS = 900.0, 2 * 1024**3, 60.0
PIECE, OVERLAP = 8192, 512
MOST_OF_A_FILE = 8 * 1024 * 1024
SHOWN = 200


class Unreadable(FreqopsError):
    """A repository cannot be read, or not to its end; the text says why."""


@dataclass(frozen=True)
class Added:
    """A line, or a piece of a very long one, that a commit added.

    Attributes:
        commit: The commit.
        path: Its file.
        line: Its number in the file.
        text: The text.
    """

    commit: str
    path: str
    line: int
    text: str


def top_of(directory: Path) -> Path | None:
    """Return the top of the repository in which a directory lies; None where it lies in none.

    Raises:
        Unreadable: It lies in one that git does not read.
    """
    if not any((place / ".git").exists() or (place / ".git").is_symlink() for place in (directory, *directory.parents)):
        return None
    return Path(_asked(directory, "rev-parse", "--show-toplevel").decode(errors="surrogateescape").rstrip("\n"))


def refuse_parts(top: Path) -> None:
    """Refuse a repository of which only a part is here: nobody knows what the rest has.

    Raises:
        Unreadable: It is one.
    """
    if _asked(top, "rev-parse", "--is-shallow-repository").strip() != b"false":
        raise Unreadable(f"{top} is shallow: its older commits are not here; git fetch --unshallow")
    if PROMISED.search(_asked(top, "config", "--list").decode(errors="replace")):
        raise Unreadable(f"{top} is a partial clone: not all of its files are here; clone it whole")


def added(top: Path, below: Sequence[str] = (), seconds: float = SECONDS, most: int = MOST_BYTES) -> Iterator[Added]:
    """Yield every line that any commit of any branch or tag ever added, that of the oldest commit first.

    Args:
        top: The top of the repository.
        below: The paths that count; all where there is none.
        seconds: How long git may take.
        most: How many bytes it may tell.

    Raises:
        Unreadable: It was not read to its end.
    """
    words, late = [*GIT, "-C", str(top), *PATCHES, "--", *below], threading.Event()
    with tempfile.TemporaryFile() as errors:
        process = _started(words, errors)

        def give_up() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(seconds, give_up)
        watch.daemon = True
        watch.start()
        try:
            if process.stdout is not None:
                with process.stdout as said:
                    yield from _Patches(said, most).lines()
            status = process.wait()
        finally:
            watch.cancel()
            process.kill()
            process.wait()
        errors.seek(0)
        if late.is_set():
            raise Unreadable(f"the history of {top} took longer than {seconds:.0f} s")
        if status != 0:
            raise Unreadable(f"git ended with {status}: {_words(errors.read(4096))}")


def tracked_secrets(top: Path, below: Sequence[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Yield each tracked file that is called like one of secrets, with its content in the index.

    Raises:
        Unreadable: It cannot be read.
    """
    listed = _asked(top, "ls-files", "--stage", "-z", "--", *below)
    for entry in listed.split(b"\0"):
        about, _, name = entry.partition(b"\t")
        path = name.decode(errors="backslashreplace")
        if SECRETS.search(path):
            yield path, _asked(top, "cat-file", "blob", about.split()[1].decode())


def _started(words: list[str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=_environment()
        )
    except OSError as error:
        raise Unreadable(f"git cannot be started: {error.strerror}") from None


class _Patches:
    """The patches that git tells, read line by line; what stands in a file can forge nothing, for lines are counted."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._left = stream, most
        self._commit, self._path = "", ""

    def lines(self) -> Iterator[Added]:
        """Yield each added line."""
        while True:
            line = self._read()
            if not line:
                return
            if found := COMMIT.fullmatch(line):
                self._commit = found[1].decode()
            elif line.startswith(b"+++ "):
                self._path = _name(line[4:].rstrip(b"\n"))
            elif found := HUNK.match(line):
                before, after = (int(found[name] or 1) if found[name] != b"0" else 0 for name in ("before", "after"))
                self._rest(line)
                yield from self._hunk(before, after, int(found["line"]))
                continue
            self._rest(line)

    def _hunk(self, before: int, after: int, number: int) -> Iterator[Added]:
        while before or after:
            line = self._read()
            if not line:
                return  # git's own status says that it broke off
            if line.startswith(b"+"):
                after -= 1
                for text in self._pieces(line[1:]):
                    yield Added(self._commit, self._path, number, text.decode(errors="replace"))
                number += 1
                continue
            before -= line.startswith(b"-")
            self._rest(line)

    def _pieces(self, first: bytes) -> Iterator[bytes]:
        """Yield a line in pieces of which each begins with the end of the one before."""
        piece, kept = first, b""
        while True:
            yield (kept + piece).rstrip(b"\r\n")
            if piece.endswith(b"\n") or not piece:
                return
            kept = (kept + piece)[-OVERLAP:]
            piece = self._read()

    def _rest(self, line: bytes) -> None:
        """Pass over what is left of a line."""
        while line and not line.endswith(b"\n"):
            line = self._read()

    def _read(self) -> bytes:
        line = self._stream.readline(PIECE)
        self._left -= len(line)
        if self._left < 0:
            raise Unreadable("the history has more than is read of one")
        return line


def _name(text: bytes) -> str:
    """Return the path of a file as git writes it behind ``+++``."""
    text = text.removesuffix(b"\t")
    if text.startswith(b'"') and text.endswith(b'"'):
        text = ESCAPE.sub(lambda found: _unescaped(found[1]), text[1:-1])
    return text.removeprefix(b"b/").decode(errors="backslashreplace")


def _unescaped(code: bytes) -> bytes:
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else ESCAPES.get(code, code)


def _environment() -> dict[str, str]:
    """Return an environment in which no variable leads git to another repository, or to other settings."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("GIT_")}, **QUIET}


def _asked(directory: Path, *words: str) -> bytes:
    argv = [*GIT, "-C", str(directory), *words]
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False, env=_environment(),
                              timeout=ASKED_SECONDS)  # fmt: skip
    except FileNotFoundError:
        raise Unreadable("git is not here") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreadable(f"git did not answer: {type(error).__name__}") from None
    if done.returncode != 0:
        raise Unreadable(f"git {words[0]} ended with {done.returncode}: {_words(done.stderr)}")
    if len(done.stdout) > MOST_OF_A_FILE:
        raise Unreadable(f"git {words[0]} says more than is read")
    return done.stdout


def _words(said: bytes) -> str:
    return visible(" ".join(said.decode(errors="replace").split()), SHOWN) or "no word"
