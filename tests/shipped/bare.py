"""A Python with nothing installed, the oldest at hand, and what a host would run on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from freqops.core import zipapp
from tests.interpreters import oldest_python

ROOT = Path(__file__).parents[2]


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
        """Run ``freqops-host`` in an empty environment."""
        below = ["--root", str(root)] if root else []
        return subprocess.run(
            [str(self.python), "-I", "-W", "error", str(self.tool), *below, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={"PATH": "/usr/bin:/bin"},
            cwd=self.home,
        )

    def run_module(self, name: str, args: dict[str, Any], *, check: bool = False) -> dict[str, Any]:
        """Run one module of ``library/`` on this interpreter, as Ansible would on a host, and return its answer.

        Args:
            name: The module, e.g. ``freqops_holds_info``.
            args: Its arguments.
            check: Whether to run it in check mode.

        Returns:
            What the module returned, with ``failed`` and ``changed`` as it said.

        Raises:
            AssertionError: Ansible gave no answer that could be read.
        """
        command = [
            str(Path(sys.executable).parent / "ansible"), "localhost", "-i", "localhost,", "-c", "local",
            "-e", f"ansible_python_interpreter={self.python}", "-m", name, "-a", json.dumps(args), "-o",
            *(["--check"] if check else []),
        ]  # fmt: skip
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=120, cwd=ROOT, env=self._environment()
        )
        return _answer(ran)

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


def _answer(ran: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Take the one JSON object out of ``localhost | SUCCESS => {…}``."""
    line = next((line for line in ran.stdout.splitlines() if line.startswith("localhost | ")), "")
    said, arrow, document = line.partition("=> ")
    assert arrow, f"no answer: {ran.stdout}\n{ran.stderr}"
    answer: dict[str, Any] = json.loads(document)
    return {"failed": "FAILED" in said, "changed": False, **answer}
