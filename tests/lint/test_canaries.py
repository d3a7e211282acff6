"""Canaries: what is wrong on purpose must be found, because a linter that has stopped looking says nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BIN = Path(sys.executable).parent

MATCH = "match 1:\n    case _:\n        pass\n"
UNTYPED = 'def f(x):\n    return x\n\n\ny: int = "text"\n'


def ran(argv: list[str], text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a linter of this environment at the root."""
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "ANSIBLE_INVENTORY": str(ROOT / "inventories/example"),
    }
    return subprocess.run(
        [str(BIN / argv[0]), *argv[1:]],
        cwd=ROOT,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def ansible_lint(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, int]]:
    """Return rule and line of all that ansible-lint finds with our configuration, less its exclusion of this place."""
    configuration = yaml.safe_load((ROOT / ".ansible-lint").read_text())
    configuration["exclude_paths"].remove("tests/lint/")
    configuration["rulesdir"] = [str(ROOT / path) for path in configuration["rulesdir"]]
    path = tmp_path_factory.mktemp("lint") / "config.yml"
    path.write_text(yaml.safe_dump(configuration))
    files = ["tests/lint/playbooks/wrong.yml", "tests/lint/roles/wrong/tasks/wrong.yml"]
    found = ran(["ansible-lint", "--config-file", str(path), "--format", "json", *files])
    assert found.returncode == 2, found.stdout + found.stderr
    return {(item["check_name"], line(item)) for item in json.loads(found.stdout)}


def line(item: dict[str, dict[str, dict[str, int | dict[str, int]]]]) -> int:
    """Return the line of a finding, which is given in one of two shapes."""
    location = item["location"]
    begin = location["lines"]["begin"] if "lines" in location else location["positions"]["begin"]
    return begin if isinstance(begin, int) else begin["line"]


def task_line(text: str) -> int:
    """Return the number of the first line of a wrong file that has ``text``."""
    for path in sorted(HERE.glob("**/wrong.yml")):
        for number, content in enumerate(path.read_text().splitlines(), start=1):
            if text in content:
                return number
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("rule", "task"),
    [
        ("args[module]", "Give a module of ours an argument"),
        ("args[module]", "Give a module that imports our rules an argument"),  # these two need .ansible-lint-rules
        ("args[module]", "Leave out what a module that imports our rules demands"),
        ("no-log-password", "Show the passwords"),
        ("fqcn[action-core]", "Say where a module comes from"),
        ("risky-octal", "Write permissions as a number"),
        ("ignore-errors", "Go on whatever happens"),
        ("name[prefix]", "Lack the name of its file"),
    ],
)
def test_ansible_lint_finds(ansible_lint: set[tuple[str, int]], rule: str, task: str) -> None:
    begin = task_line(task)
    assert any(name == rule and begin <= at <= begin + 6 for name, at in ansible_lint), sorted(ansible_lint)


def test_ansible_lint_finds_a_task_without_name(ansible_lint: set[tuple[str, int]]) -> None:
    assert ("name[missing]", task_line("- ansible.builtin.command: /bin/true")) in ansible_lint


def test_ansible_lint_skips_and_softens_nothing() -> None:
    configuration = yaml.safe_load((ROOT / ".ansible-lint").read_text())
    assert (configuration["profile"], configuration["skip_list"], configuration["warn_list"]) == ("production", [], [])
    generated = {".ansible/", ".cache/", ".lab*/", ".venv/", "changelogs/changelog.yaml", "inventories/lab*/"}
    assert set(configuration["exclude_paths"]) - {"tests/lint/"} == generated


@pytest.mark.parametrize(
    "rule", ["truthy", "key-duplicates", "octal-values", "brackets", "trailing-spaces", "line-length"]
)
def test_yamllint_finds(tmp_path: Path, rule: str) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text((HERE / "wrong.yml").read_text() + f"long: {'x ' * 60}\n")
    found = ran(["yamllint", "--strict", "--format", "parsable", "--config-file", ".yamllint", str(wrong)])
    assert found.returncode == 1
    assert f"({rule})" in found.stdout


@pytest.mark.parametrize("place", ["library/canary.py", "src/freqops/core/canary.py", "src/freqops/hostctl/canary.py"])
def test_ruff_knows_that_hosts_have_python_39(place: str) -> None:
    found = ran(["ruff", "check", "--no-cache", "--stdin-filename", place, "-"], MATCH)
    assert found.returncode == 1
    assert "3.10" in found.stdout


def test_ruff_lets_the_control_node_match() -> None:
    found = ran(["ruff", "check", "--no-cache", "--stdin-filename", "src/freqops/cli/canary.py", "-"], MATCH)
    assert "3.10" not in found.stdout


def test_mypy_finds_what_has_no_type_and_what_has_the_wrong_one(tmp_path: Path) -> None:
    canary = tmp_path / "canary.py"
    canary.write_text(UNTYPED)
    found = ran(["mypy", "--config-file", "pyproject.toml", "--cache-dir", str(tmp_path / "cache"), str(canary)])
    assert found.returncode == 1
    assert "[no-untyped-def]" in found.stdout
    assert "[assignment]" in found.stdout
