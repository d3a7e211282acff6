"""One fingerprint of everything that a deploy would bring: any change of it is another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError

from freqops.plays import brought_files, desired_state, fleet
from playbooks.lookup_plugins import freqops_brought_path, freqops_strategy_files

ROOT = Path(__file__).parents[3]
NAMES = ("freqtrade_bots", "freqtrade_packages", "secrets_exchange", "host_operators")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (*desired_state.CODE, "strategies"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.py").write_text(name)
    desired_state.code.cache_clear()
    return tmp_path


def fingerprint(project: Path, **variables: Any) -> str:
    desired_state.code.cache_clear()
    return desired_state.fingerprint(variables, NAMES, project)


def test_the_same_is_the_same_and_what_no_role_reads_does_not_count(project: Path) -> None:
    assert fingerprint(project, host_operators=["a"]) == fingerprint(project, host_operators=["a"], other=1)


@pytest.mark.parametrize("name", desired_state.CODE)
def test_any_change_of_code_counts(project: Path, name: str) -> None:
    before = fingerprint(project)
    (project / name / "a.py").write_text("changed")
    assert fingerprint(project) != before


def test_variables_and_secrets_count(project: Path) -> None:
    assert len({fingerprint(project, secrets_exchange={"a": {"key": key}}) for key in "xyz"}) == 3
    assert fingerprint(project, host_operators=[]) != fingerprint(project)


def test_strategies_and_packages_that_are_named_count(project: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "S.py").write_text("code")
    (tmp_path / "packages.txt").write_text("a")
    variables: dict[str, Any] = {
        "freqtrade_bots": [{"name": "a"}, {"name": "b", "strategy_dir": str(own)}],
        "freqtrade_packages": str(tmp_path / "packages.txt"),
    }
    seen = {fingerprint(project, **variables)}
    (own / "S.json").write_text("{}")
    seen.add(fingerprint(project, **variables))
    (own / "helpers").mkdir()
    for text in ("", "code"):
        (own / "helpers" / "levels.py").write_text(text)
        seen.add(fingerprint(project, **variables))
    (project / "strategies/a.py").write_text("changed")
    seen.add(fingerprint(project, **variables))
    (tmp_path / "packages.txt").unlink()
    seen.add(fingerprint(project, **variables))
    (tmp_path / "read").mkdir()
    variables["freqtrade_bots"][1]["user_files"] = str(tmp_path / "read")
    seen.add(fingerprint(project, **variables))
    for content in (b"\xff", b"\xfe"):
        (tmp_path / "read" / "levels.bin").write_bytes(content)
        seen.add(fingerprint(project, **variables))
    (own / "helpers" / "a\nb.py").touch()
    seen.add(fingerprint(project, **variables))
    assert len(seen) == 10


@pytest.mark.parametrize("beside", ["inventory", "home"])
def test_files_that_are_named_from_a_home_or_from_the_inventory_count(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: str
) -> None:
    """What the role deploys and what is compared are the same files, wherever the play was started."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    place = tmp_path / beside
    (place / "own").mkdir(parents=True)
    begin = "~/" if beside == "home" else ""
    variables: dict[str, Any] = {
        "freqtrade_bots": [{"name": "a", "strategy_dir": f"{begin}own"}],
        "freqtrade_packages": f"{begin}packages.txt",
        "inventory_dir": str(tmp_path / "inventory"),
    }
    seen = []
    for name in ("own/S.py", "own/S.json", "packages.txt"):
        (place / name).write_text("code")
        seen.append(fingerprint(project, **variables))
        (place / name).write_text("changed")
        seen.append(fingerprint(project, **variables))
    assert len(set(seen)) == len(seen)
    lookup = freqops_brought_path.LookupModule()
    where = lookup.run([f"{begin}own", f"{begin}packages.txt", "/absolute"], variables)
    assert where == [str(place / "own"), str(place / "packages.txt"), "/absolute"]


def test_the_role_asks_the_same_function_for_its_paths() -> None:
    said = yaml.safe_load((ROOT / "roles/freqtrade/vars/main.yml").read_text())
    assert said["__freqtrade_packages_file"] == "{{ lookup('freqops_brought_path', freqtrade_packages) }}"
    assert "lookup('freqops_brought_path', __freqtrade_bot.strategy_dir" in said["__freqtrade_strategy_dir"]
    tasks = "".join(path.read_text() for path in (ROOT / "roles/freqtrade/tasks").glob("*.yml"))
    assert "freqtrade_packages }}" not in tasks, "it is read through __freqtrade_packages_file"
    assert "__freqtrade_bot.strategy_dir" not in tasks
    assert "lookup('freqops_brought_path', __freqtrade_bot.user_files)" in said["__freqtrade_user_files"]
    assert "__freqtrade_bot.user_files" not in tasks


def test_every_variable_of_every_role_counts() -> None:
    names = fleet.role_inputs(ROOT / "roles")
    seen = {
        desired_state.fingerprint({name: "changed"}, names, ROOT)
        for name in names - {"freqtrade_bots", "freqtrade_packages"}
    }
    assert len(seen) == len(names) - 2


def test_a_home_that_is_none_is_no_error() -> None:
    assert brought_files.resolved("~nobody-of-that-name/x", "/inventory") == Path("/inventory/~nobody-of-that-name/x")


def test_an_adoption_compares_the_files_that_a_deploy_brings(tmp_path: Path) -> None:
    for name in ("S.py", "S.json", "notes.txt", "deep/other.py", "deep/notes.txt"):
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_text(name)
    lookup = freqops_strategy_files.LookupModule()
    [found] = lookup.run([{"strategy_dir": "mine"}], {"inventory_dir": str(tmp_path)})
    assert found == {"S.py": "S.py", "S.json": "S.json", "deep/other.py": "deep/other.py"}
    [shipped] = lookup.run([{}], {})
    assert "MaCrossoverStrategy.py" in shipped
    (tmp_path / "mine" / "S.py").write_bytes(b"\xff")
    with pytest.raises(AnsibleError, match="the files of a strategy cannot be read"):
        lookup.run([{"strategy_dir": str(tmp_path / "mine")}], {})
    [step] = yaml.safe_load((ROOT / "playbooks" / "steps" / "adopt_look.yml").read_text())[:1]
    assert step["freqops_adopt"]["strategies"] == "{{ query('freqops_strategy_files', adopt_bots[0]) | first }}"
