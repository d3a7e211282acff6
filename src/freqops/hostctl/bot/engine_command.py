"""The command line of the container engine: every call has a time limit and dies with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Callable, TypeVar

from freqops.core.base.errors import FreqopsError

Read = TypeVar("Read")


class EngineError(FreqopsError):
    """The engine did not do what it was asked, or did not answer in time."""


class EngineCommand:
    """Runs the engine's command line; `Engine` says what with."""

    def pipe(self, argv: list[str], timeout: float, *, source: Path | None = None, output: Path | None = None) -> str:
        """Run a command with a file as its input or output, and return what it printed where that is no file.

        Args:
            argv: The command.
            timeout: Seconds after which it is killed.
            source: The file that it reads; none is an empty input.
            output: The file that it writes, new, for its owner alone.

        Raises:
            EngineError: It failed, or did not end in time; the text ends with what it said.
            OSError: A file cannot be opened, or the disk is full.
        """
        with contextlib.ExitStack() as stack:
            stdin = stack.enter_context(source.open("rb")) if source is not None else subprocess.DEVNULL
            stdout = stack.enter_context(_private(output)) if output is not None else subprocess.PIPE
            process = subprocess.Popen(
                argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True, start_new_session=True
            )
            try:
                said, errors = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                end(process)
                raise EngineError(f"'{' '.join(argv[:3])}' did not end within {timeout:.0f} s") from None
        if process.returncode != 0:
            raise EngineError(f"'{' '.join(argv[:4])}': {errors.strip()[-500:]}")
        return said or ""

    def lines(self, argv: list[str], timeout: float, source: Path, reader: Callable[[Iterable[bytes]], Read]) -> Read:
        """Run a command with a file as its input, and return what ``reader`` makes of the lines that it prints.

        Raises:
            EngineError: It failed, or did not end in time.
            OSError: The file cannot be opened.
        """
        with source.open("rb") as given, tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(argv, stdin=given, stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
            watch = threading.Timer(timeout, end, [process])
            watch.start()
            try:
                with contextlib.ExitStack() as stack:
                    printed: Iterable[bytes] = stack.enter_context(process.stdout) if process.stdout else ()
                    found = reader(printed)
                status = process.wait()
            finally:
                watch.cancel()
                end(process)
            errors.seek(0)
            if status != 0:
                raise EngineError(f"'{' '.join(argv[:5])}': {errors.read()[-500:].decode(errors='replace').strip()}")
        return found

    def _popen(self, argv: list[str], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _run(self, argv: list[str], timeout: float) -> str:
        status, output = self._ended(argv, timeout)
        if status != 0:
            raise failed(argv, output)
        return output

    def _ended(self, argv: list[str], timeout: float) -> tuple[int, str]:
        """Run a command to its end and return its exit status and what it said."""
        process = self._popen(argv)
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            end(process)
            raise EngineError(f"'{' '.join(argv[:3])}' gave no answer within {timeout:.0f} s") from None
        return process.returncode, output


def failed(argv: list[str], said: str) -> EngineError:
    """Return the error of a command that failed."""
    return EngineError(f"'{' '.join(argv[:3])}': {said.strip()[-500:]}")


def _private(path: Path) -> IO[bytes]:
    """Open a new file that only its owner can read."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def end(process: subprocess.Popen[Any]) -> None:
    """Kill a command with all its children, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
