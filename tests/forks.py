"""Runs of pytest as forks of one process, which has imported what tests stand on and nothing of freqops.

Python, pytest and Ansible start once instead of for each mutant.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

STOOD_ON = (
    "pytest", "_pytest.pytester", "hypothesis", "hypothesis.strategies", "yaml", "jinja2", "requests", "docker",
    "rich.progress", "ansible.plugins.action", "ansible.template", "ansible.module_utils.basic",
)  # fmt: skip
LONGEST = 900  # seconds of a run, but of one in full: a change may make its test wait for ever


class Forks:
    """The process that forks; it lives as long as the block."""

    def __init__(self) -> None:
        # Without -P, the first place where Python looks for a module would be this directory.
        words = ["nice", "-n", "19", sys.executable, "-P", __file__]
        settings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=settings
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, words: Sequence[str], root: Path, settings: Mapping[str, str]) -> tuple[int, str]:
        """Run pytest in the sources at ``root``.

        Args:
            words: The command line of pytest.
            root: The sources.
            settings: The environment beside what is there.

        Returns:
            Its status, negative where a signal ended it, and its output.

        Raises:
            RuntimeError: the process that forks has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8", errors="replace") as said:
            asked = {"words": list(words), "root": str(root), "settings": dict(settings), "said": said.name}
            self._process.stdin.write(json.dumps(asked) + "\n")
            status = self._process.stdout.readline()
            if not status:
                raise RuntimeError(f"{__file__} ended with {self._process.wait()}")
            return int(status), said.read()


def serve() -> None:
    """Fork for each line of standard input, and write the status of each fork."""
    for name in STOOD_ON:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            tested(**json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def tested(words: list[str], root: str, settings: dict[str, str], said: str) -> None:
    """Run pytest and end with its status; all that it says goes to a file."""
    status = 3  # pytest's own for what went wrong inside
    try:
        os.chdir(root)
        paths = [str(Path(root, "src")), root]
        os.environ.update({**settings, "PYTHONPATH": os.pathsep.join(paths)})
        signal.alarm(0 if "FREQOPS_PROVE" in settings else LONGEST)  # ends this fork, and so its status says that
        sys.path[:0] = paths
        for descriptor, place, how in ((0, os.devnull, os.O_RDONLY), (1, said, os.O_WRONLY), (2, said, os.O_WRONLY)):
            os.dup2(os.open(place, how | os.O_APPEND), descriptor)
        status = int(importlib.import_module("pytest").main(words))
    except BaseException:  # noqa: BLE001  whatever it is, this fork must not get back into the loop that forks
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
