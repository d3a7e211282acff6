"""Files of strategies as their text tells them, where Freqtrade cannot load them."""

from __future__ import annotations

import pytest

from freqops.research import strategy_files

BASE = "from freqtrade.strategy import IStrategy\nclass Base(IStrategy): ...\n"
MISSING = """
import json
import not_there.deep
from nowhere import thing
from typing import TYPE_CHECKING
try:
    import perhaps
except ImportError:
    perhaps = None
if TYPE_CHECKING:
    import only_types
else:
    import in_earnest
class Mine:
    def populate(self):
        import not_there
        import later
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("class Mine(IStrategy): ...", ["Mine"]),
        ("class Mine(EntryGate, strategy.IStrategy): ...", ["Mine"]),
        ("class Mine(Base): ...", ["Mine"]),
        ("class Mine(SomebodysStrategy): ...", ["Mine"]),
        ("class Mine(OfAModuleThatIsMissing): ...", ["Mine"]),
        ("class Color(Enum): ...\nclass Plain: ...", []),
        ("class Mine(IStrategy):\n  def x(:\nclass Color(Enum):\nclass Not:", ["Mine"]),
        ("class A(B): ...\nclass B(A): ...", []),
        ("if True:\n    class Mine(IStrategy): ...", ["Mine"]),
        ("nothing", []),
    ],
)
def test_what_looks_like_a_strategy_is_named(text: str, names: list[str]) -> None:
    assert strategy_files.named({"a.py": text, "base.py": BASE}, "a.py") == names


def test_modules_that_are_certainly_imported_and_not_there_are_named() -> None:
    assert strategy_files.missing(MISSING) == ["in_earnest", "later", "not_there", "nowhere"]
    assert strategy_files.missing("import json\n") == []
    assert strategy_files.missing("class X(:") == []
