"""The code of a foreign strategy: found where Freqtrade finds it, and held against that of the bot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.takeover import strategy_code
from freqops.core.takeover.dropped import Dropped
from freqops.core.takeover.strategy_code import Code

SOURCE = "import helper\nclass S:\n    stoploss = -0.1\n"


class Old:
    """The files of an old Freqtrade, and the program that looks for its strategy, run here."""

    def __init__(self, root: Path) -> None:
        self.own, self.elsewhere = root / "user_data" / "strategies", root / "elsewhere"
        self.config: dict[str, Any] = {"strategy": "S", "user_data_dir": root / "user_data"}
        self.write(self.own / "Any.py", SOURCE)

    @staticmethod
    def write(path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def found(self) -> dict[str, Any]:
        names: dict[str, Any] = {"os": os}
        exec(strategy_code.PROGRAM, names)  # noqa: S102  as the old container runs it
        answer: dict[str, Any] = names["code_of"](self.config)
        return answer

    def code(self) -> Code:
        return strategy_code.read(self.found())


@pytest.fixture
def old(tmp_path: Path) -> Old:
    return Old(tmp_path)


def test_its_file_its_parameters_and_what_it_imports_beside_it_are_found(old: Old) -> None:
    for name, text in {"helper.py": "import deeper, os", "deeper.py": "", "other.py": "class T: pass", "S.json": "{}",
                       "Any.json": "{}", "broken.py": "class S("}.items():  # fmt: skip
        old.write(old.own / name, text)
    code = old.code()
    assert (code.main, sorted(code.files)) == ("Any.py", ["Any.json", "Any.py", "deeper.py", "helper.py"])
    assert code.files["Any.py"] == SOURCE
    assert sorted(path for _, path in old.found()["written"]) == sorted(str(old.own / name) for name in code.files)


def test_what_it_imports_from_directories_below_is_found(old: Old) -> None:
    source = "import a.b.c, os.path\nfrom helpers import levels, LEVEL\nfrom helpers.more import *\nclass S: pass\n"
    old.write(old.own / "Any.py", source)
    wanted = {
        "a/b/c.py": "from .. import d\nfrom .e import x\nfrom . import gone",
        "a/b/e.py": "import flat",
        **dict.fromkeys(("a/__init__.py", "a/d.py", "flat.py", "helpers/levels.py", "helpers/more/__init__.py"), ""),
    }
    others = ("d.py", "a/b/more.py", "helpers/other.py", "helpers/data.json")
    for name, text in {**wanted, **dict.fromkeys(others, "")}.items():
        old.write(old.own / name, text)
    assert sorted(old.code().files) == sorted(["Any.py", *wanted])


def test_nothing_of_it_is_run(old: Old) -> None:
    old.write(old.own / "Any.py", f"raise SystemExit(1)\n{SOURCE}")
    assert old.code().main == "Any.py"


def test_the_path_of_strategies_comes_first_and_directories_below_only_where_they_are_searched(old: Old) -> None:
    old.write(old.own / "deep" / "Deep.py", SOURCE)
    assert old.code().main == "Any.py"
    old.config["recursive_strategy_search"] = True
    assert old.code().main == "Deep.py"
    old.write(old.elsewhere / "First.py", SOURCE)
    old.config["strategy_path"] = str(old.elsewhere)
    assert old.code().main == "First.py"


def test_what_cannot_be_told_is_said(old: Old) -> None:
    old.write(old.own / "Copy.py", SOURCE)
    assert old.code().main == "Any.py", "both have the same code"
    old.write(old.own / "Copy.py", SOURCE + "# another")
    assert old.code().error == f"several files have its class: {old.own}/Any.py, {old.own}/Copy.py"
    old.config["strategy"] = "Missing"
    assert old.code().error == "no file has its class"
    old.config["strategy"] = "S:Y2xhc3M="
    assert old.code().error == "its code stands in the name of its strategy"


def test_a_link_is_followed_to_the_files_beside_its_target(old: Old) -> None:
    (old.own / "Any.py").unlink()
    old.write(old.elsewhere / "Target.py", SOURCE)
    old.write(old.elsewhere / "helper.py", "x = 1")
    (old.own / "Link.py").symlink_to(old.elsewhere / "Target.py")
    code = old.code()
    assert (code.main, sorted(code.files)) == ("Link.py", ["Link.py", "helper.py"])


def test_what_is_no_answer_is_refused() -> None:
    odd: list[Any] = [{"main": "S.py", "files": {"S.py": 1}}, {"main": 1, "files": {"S.py": ""}}]
    for said in (None, [], {}, {"error": ""}, {"main": "S.py", "files": {}}, {"main": "S.py", "files": ["S.py"]}, *odd):
        with pytest.raises(Refused, match="not understood"):
            strategy_code.read(said)


def compared(before: dict[str, str], after: dict[str, str], main: str = "Any.py") -> list[Dropped]:
    return strategy_code.differences(Code(main, before), strategy_code.of_files(after, "S"))


def test_the_same_code_under_another_name_is_the_same() -> None:
    assert compared({"Any.py": SOURCE, "Any.json": "{}"}, {"S.py": SOURCE, "S.json": "{}", "more.py": ""}) == []


@pytest.mark.parametrize(
    ("before", "after", "name", "there", "instead"),
    [
        ({"Any.py": SOURCE + "x = 1\n"}, {"S.py": SOURCE}, "Any.py", "line 4: x = 1", "line 4: its end"),
        ({"Any.py": SOURCE, "Any.json": "{}"}, {"S.py": SOURCE}, "Any.json", "line 1: {}", None),
        ({"Any.py": SOURCE}, {"S.py": SOURCE, "S.json": "{}"}, "S.json", None, "line 1: {}"),
        ({"Any.py": SOURCE, "helper.py": "a"}, {"S.py": SOURCE, "helper.py": "b"}, "helper.py", "line 1: a", "1: b"),
        ({"Any.py": SOURCE, "helper.py": "a"}, {"S.py": SOURCE}, "helper.py", "line 1: a", None),
        ({"Any.py": SOURCE, "a/b.py": "a"}, {"S.py": SOURCE, "a/b.py": "b"}, "a/b.py", "line 1: a", "line 1: b"),
        ({"Any.py": SOURCE, "a/b.py": "a"}, {"S.py": SOURCE, "b.py": "a"}, "a/b.py", "line 1: a", None),
    ],
)
def test_each_file_that_differs_is_named_with_both(
    before: dict[str, str], after: dict[str, str], name: str, there: str | None, instead: str | None
) -> None:
    [dropped] = compared(before, after)
    assert (dropped.name, dropped.matters) == (f"strategy.{name}", True)
    for shown, said in ((dropped.before, there), (dropped.after, instead)):
        assert shown == "none" if said is None else (shown.startswith("sha256 ") and shown.endswith(said))


def test_a_line_with_a_secret_is_not_shown() -> None:
    [dropped] = compared({"Any.py": 'class S: pass\napi_key = "canary"'}, {"S.py": "class S: pass\n"})
    assert dropped.before.endswith("line 2: [not shown]")
    assert "canary" not in str(dropped)


def test_code_that_is_not_known_must_be_accepted() -> None:
    [dropped] = strategy_code.differences(Code(error="no file has its class"), Code("S.py", {"S.py": SOURCE}))
    assert dropped == Dropped("strategy", "not known: no file has its class", "S.py", matters=True)
    assert dropped.is_among(["strategy"])
