"""All names that freqops gives to the engine are known in one place, and no two of them are alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from freqops.core.bot import engine_names
from freqops.core.bot.engine_names import CONTAINER, NETWORK, PROJECT

ROOT = Path(__file__).parents[4]
TEMPLATES = {"bot": engine_names.of_a_bot("alpha"), "postgres": engine_names.of_the_host()}
GIVEN = re.compile(r"^( *)(name|container_name): \"?(freqops-[^\"\s]+)\"?$", re.MULTILINE)
CALLED_SO = re.compile(r"[\"'/](freqops-(?:database|postgres|shared|witness)|freqops-\{)|container\}-")
SOURCES = [*sorted((ROOT / "src").rglob("*.py")), *sorted((ROOT / "action_plugins").glob("*.py"))]
HOMES = ("core/bot/engine_names.py", "core/bot/layout.py")


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_name_in_a_compose_file_is_known(name: str) -> None:
    text = (ROOT / "templates" / name / "compose.yml.j2").read_text().replace("{{ __freqtrade_bot.name }}", "alpha")
    given = GIVEN.findall(text)
    kinds = {"container_name": CONTAINER, "name": NETWORK}
    found = {(kinds[key] if indented else PROJECT, value) for indented, key, value in given}
    assert len(found) >= 3
    assert found <= {*TEMPLATES[name], *engine_names.of_the_host()}


def test_no_other_module_makes_a_name_by_itself() -> None:
    made = [str(path.relative_to(ROOT)) for path in SOURCES if CALLED_SO.search(path.read_text())]
    assert made == [f"src/freqops/{home}" for home in HOMES]


def test_a_container_beside_a_bot_must_be_known() -> None:
    assert engine_names.beside("alpha", engine_names.WITNESS, "0a1b") == "freqops-alpha-witness-0a1b"
    assert engine_names.beside("alpha", engine_names.UPDATE_RECORDS) == "freqops-alpha-update-records"
    for what, mark in (("spy", ""), ("spy", "1"), (engine_names.WITNESS, ""), (engine_names.UPDATE_RECORDS, "1")):
        with pytest.raises(ValueError, match=re.escape(repr(what))):
            engine_names.beside("alpha", what, mark)


@pytest.mark.parametrize("what", engine_names.MARKED)
def test_every_container_with_a_mark_is_among_the_names_of_its_bot(what: str) -> None:
    made = engine_names.beside("alpha", what, "77-12")
    assert [
        name for kind, name in engine_names.of_a_bot("alpha") if kind == CONTAINER and engine_names.meet(name, made)
    ]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("a-*", "a-b", True),
        ("a-*", "a", False),
        ("a-*", "a-b-*", True),
        ("a-*", "b-*", False),
    ],
)
def test_when_two_names_may_be_the_same(one: str, other: str, alike: bool) -> None:
    assert engine_names.meet(one, other) is alike
    assert engine_names.meet(other, one) is alike


def test_the_names_of_the_host_are_all_different() -> None:
    names = engine_names.of_the_host()
    assert len(set(names)) == len(names)
