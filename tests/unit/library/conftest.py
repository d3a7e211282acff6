"""Run a module of library/ in this process, and make up programs that it calls."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import ansible.module_utils
import pytest
from ansible.module_utils.testing import patch_module_args

ROOT = Path(__file__).parents[3]
ansible.module_utils.__path__.append(str(ROOT / "src"))  # as ansible.cfg has it: module_utils = ./src

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a module with ``arguments`` and returns its answer."""

    def run_module(module: ModuleType, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        settings = {"_ansible_check_mode": check, "_ansible_diff": True}
        capsys.readouterr()
        with patch_module_args({**arguments, **settings}), pytest.raises(SystemExit):
            module.main()
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return run_module


@pytest.fixture
def owner() -> int:
    """Return a number that this process may give files to, as user and as group."""
    user = os.getuid()
    if user != 0 and user not in {os.getgid(), *os.getgroups()}:
        pytest.skip("this user has no group of the same number, so a file cannot be given to both")
    return user


@pytest.fixture
def stub(tmp_path: Path) -> Callable[[str, int], tuple[str, Path]]:
    """Return a function that makes a program which prints ``answer``; and the file in which it notes its arguments."""

    def make(answer: str, status: int = 0) -> tuple[str, Path]:
        program, noted, said = tmp_path / "freqops-host", tmp_path / "arguments", tmp_path / "answer"
        said.write_text(answer)
        program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{noted}\ncat {said}\nexit {status}\n")
        program.chmod(0o755)
        return str(program), noted

    return make
