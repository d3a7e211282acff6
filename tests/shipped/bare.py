"""A Python with nothing installed, the oldest at hand, and what a host would run on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from freqops.core.deploy import zipapp
from tests.interpreters import oldest_python

ROOT = Path(__file__).parents[2]
Job = tuple[str, dict[str, Any]]


ELSEWHERE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from freqops.core.base import stamp
from freqops.hostctl import cli
stamp.DIRECTORY = sys.argv[2] + "/run"
sys.exit(cli.main(sys.argv[3:], Path(sys.argv[2])))
"""


class Bare:
    """A virtual environment without pip, beside the tool as a host has it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        made = [oldest_python(), "-m", "venv", "--without-pip", str(home / "venv")]
        subprocess.run(made, check=True, capture_output=True, timeout=60)
        self.python = home / "venv" / "bin" / "python"
        self.tool = home / "freqops-host"
        self.tool.write_bytes(zipapp.build(ROOT / "src" / "freqops"))
        self.tool.chmod(0o755)

    def host(self, *arguments: str, root: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``freqops-host`` in an empty environment, on another tree from within: it takes none from outside."""
        below = ["-c", ELSEWHERE, str(self.tool), str(root)] if root else [str(self.tool)]
        return subprocess.run(
            [str(self.python), "-I", "-W", "error", *below, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={"PATH": "/usr/bin:/bin"},
            cwd=self.home,
        )

    def run_modules(self, jobs: list[Job]) -> list[dict[str, Any]]:
        """Run modules one after the other on this interpreter, in one play, as Ansible would on a host.

        Args:
            jobs: Each a module, e.g. ``freqops_holds_info``, and its arguments.

        Returns:
            What each module returned, with ``failed`` and ``changed`` as it said.

        Raises:
            AssertionError: Ansible gave no answer to one of them that could be read.
        """
        tasks = [{"name": name, name: args, "ignore_errors": True} for name, args in jobs]  # the next one runs, too
        play = self.home / "play.json"
        play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        command = [
            str(Path(sys.executable).parent / "ansible-playbook"), str(play), "-i", "localhost,", "-c", "local",
            "-e", f"ansible_python_interpreter={self.python}",
        ]  # fmt: skip
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=300, cwd=ROOT, env=self._environment()
        )
        answers = [_answer(line) for line in ran.stdout.splitlines() if line.startswith("localhost | ")]
        assert len(answers) == len(jobs), f"no answer: {ran.stdout}\n{ran.stderr}"
        return answers

    def _environment(self) -> dict[str, str]:
        changed = {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.home / "ansible"),
            "ANSIBLE_LOCAL_TEMP": str(self.home / "ansible" / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.home / "ansible" / "remote"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.oneline",
        }
        return {**os.environ, **changed}


def _answer(line: str) -> dict[str, Any]:
    """Take the one JSON object out of ``localhost | SUCCESS => {…}``."""
    said, arrow, document = line.partition("=> ")
    assert arrow, f"no answer: {line}"
    answer: dict[str, Any] = json.loads(document)
    return {"failed": "FAILED" in said, "changed": False, **answer}
