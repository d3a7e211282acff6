"""All names that freqops gives to the engine are known in one place, and no bot has one of them by chance."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from freqops.core.bot import engine_names
from freqops.core.bot.engine_names import CONTAINER, NETWORK, PROJECT
from freqops.core.bot.layout import BOT_NAME, container_of

ROOT = Path(__file__).parents[4]
OWN = container_of("alpha")
OF_THE_HOST = {(kind, name) for name, kind in engine_names.OF_THE_HOST.items()}
TEMPLATES = {"bot": {(CONTAINER, OWN), (NETWORK, OWN), (PROJECT, OWN)}, "postgres": set()}
GIVEN = re.compile(r"^( *)(name|container_name): \"?(freqops-[^\"\s]+)\"?$", re.MULTILINE)
CALLED_SO = re.compile(r"[\"'/](freqops-(?:database|postgres|shared|witness|restore-drill)|freqops-\{)|container\}-")
SOURCES = [*sorted((ROOT / "src").rglob("*.py")), *sorted((ROOT / "action_plugins").glob("*.py"))]
HOMES = ("core/bot/engine_names.py", "core/bot/layout.py")


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_name_in_a_compose_file_is_known(name: str) -> None:
    text = (ROOT / "templates" / name / "compose.yml.j2").read_text().replace("{{ __freqtrade_bot.name }}", "alpha")
    given = GIVEN.findall(text)
    kinds = {"container_name": CONTAINER, "name": NETWORK}
    found = {(kinds[key] if indented else PROJECT, value) for indented, key, value in given}
    assert len(found) >= 3
    assert found <= TEMPLATES[name] | OF_THE_HOST


def test_no_other_module_makes_a_name_by_itself() -> None:
    made = [str(path.relative_to(ROOT)) for path in SOURCES if CALLED_SO.search(path.read_text())]
    assert made == [f"src/freqops/{home}" for home in HOMES]


def test_a_container_beside_a_bot_must_be_known() -> None:
    assert engine_names.beside("alpha", engine_names.WITNESS, "0a1b") == "freqops-alpha.witness.0a1b"
    assert engine_names.beside("alpha", engine_names.UPDATE_RECORDS) == "freqops-alpha.update-records"
    for what, mark in (("spy", ""), ("spy", "1"), (engine_names.WITNESS, ""), (engine_names.UPDATE_RECORDS, "1")):
        with pytest.raises(ValueError, match=re.escape(repr(what))):
            engine_names.beside("alpha", what, mark)


@pytest.mark.parametrize("what", [*engine_names.MARKED, *engine_names.SINGLE])
def test_no_bot_can_have_the_name_of_a_container_beside_another(what: str) -> None:
    made = engine_names.beside("alpha", what, "7" if what in engine_names.MARKED else "")
    assert not BOT_NAME.fullmatch(made.removeprefix(container_of("")))


def test_the_names_of_the_host_are_known_as_names_of_bots() -> None:
    bots = [name.removeprefix(container_of("")) for name in engine_names.OF_THE_HOST]
    assert sorted(bots) == ["database", "postgres", "restore-drill", "restore-drill-inside", "shared", "witness"]
