"""Wheels unpacked on a host: wholly, or not at all."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLE = Path(__file__).parents[2] / "roles" / "freqtrade"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "packages"
    place.mkdir()
    with zipfile.ZipFile(place / "thing-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("thing/__init__.py", "new")
        wheel.writestr("thing-1.dist-info/METADATA", "x" * 1000)
    return place


def unpack(home: Path) -> bool:
    """Unpack the wheel as the role does, and return whether that ended well."""
    variables: dict[str, Any] = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())
    words = ["sh", "-euc", variables["__freqtrade_unpack"], "unpack", str(home / "thing-1-py3-none-any.whl"), str(home)]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


def test_what_was_unpacked_is_marked(home: Path) -> None:
    assert unpack(home)
    assert (home / "thing/__init__.py").read_text() == "new"
    assert sorted(path.name for path in home.iterdir()) == [
        ".unpacked",
        "thing",
        "thing-1-py3-none-any.whl",
        "thing-1.dist-info",
    ]
    assert (home / ".unpacked/thing-1-py3-none-any.whl").exists()


def test_what_broke_off_is_not_marked_and_touches_nothing(home: Path) -> None:
    wheel = home / "thing-1-py3-none-any.whl"
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[:-10])
    assert not unpack(home)
    assert not (home / "thing").exists()
    assert not (home / ".unpacked").exists()
    wheel.write_bytes(whole)
    assert unpack(home)
    assert not list(home.glob(".unpacking*"))


def test_a_file_that_a_bot_has_open_stays_as_it_is(home: Path) -> None:
    """Libraries that a running bot has mapped are replaced, not written over."""
    (home / "thing").mkdir()
    (home / "thing/__init__.py").write_text("old")
    with (home / "thing/__init__.py").open() as opened:
        assert unpack(home)
        assert opened.read() == "old"


def test_what_marks_a_wheel_is_what_the_tasks_ask_for() -> None:
    tasks: list[dict[str, Any]] = yaml.safe_load((ROLE / "tasks" / "packages.yml").read_text())
    commands = [task["ansible.builtin.command"] for task in tasks if "ansible.builtin.command" in task]
    marks = [Path(command["creates"]).parts[-2:] for command in commands if "creates" in command]
    assert marks == [(".unpacked", "{{ __freqtrade_wheel.dest | basename }}")]


def test_wheels_are_fetched_until_all_of_them_came() -> None:
    tasks: list[dict[str, Any]] = yaml.safe_load((ROLE / "tasks" / "packages.yml").read_text())
    here = [task for task in tasks if task.get("delegate_to") == "localhost"]
    assert [task["when"] for task in here] == ["(__freqtrade_wheels ~ '/complete') is not file"] * 2
    assert here[-1]["ansible.builtin.copy"]["dest"] == "{{ __freqtrade_wheels }}/complete"
