"""What is tested is a real Freqtrade of that release, and nothing that looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.base.failure import LabError
from tests.contract.bot import Bot
from tests.contract.exchange import Exchange
from tests.contract.identity import INSTALLED, doubts
from tests.contract.polling import eventually
from tests.contract.stack import Stack, finished, open_stack

IMPOSTOR = Path(__file__).parent / "impostor.py"
ALTER = "echo '# altered' >> $(python3 -c 'import freqtrade.worker as w; print(w.__file__)') && "


def test_the_bots_of_this_suite_are_real(bot: Bot, live: Bot, release: str) -> None:
    """The paper bot and the live bot are genuine: files, refusals and database."""
    assert doubts(bot, release) == []
    assert doubts(live, release) == []


@pytest.mark.parametrize("manner", ["careless", "careful"])
def test_an_impostor_is_refused(stack: Stack, exchange: Exchange, release: str, tmp_path: Path, manner: str) -> None:
    """A server in the very image that answers with the right version is not taken for Freqtrade."""
    impostor = Bot(stack, tmp_path / "home", exchange)
    impostor.service["volumes"].append(f"{IMPOSTOR}:/impostor.py:ro")
    impostor.service.update(entrypoint=["python3", "/impostor.py"], command=[release, manner])
    impostor.create()
    eventually(lambda: impostor.api.call("GET", "/ping"), "the impostor answers")
    assert impostor.api.call("GET", "/version") == {"version": release}
    assert impostor.api.call("GET", "/show_config")["state"] == "running"
    said = doubts(impostor, release)
    stack.remove(impostor.container)
    assert any("database" in doubt for doubt in said)
    assert len(said) == (1 if manner == "careful" else 4), said


def test_an_altered_freqtrade_is_refused(stack: Stack, release: str) -> None:
    """One changed line in one file of the installed package is noticed."""
    command = [ALTER + 'exec python3 -c "$0" "$1"', INSTALLED.read_text(), release]
    status, said = finished(stack.run(stack.image, entrypoint=["sh", "-c"], command=command))
    assert (status, said) == (1, "freqtrade/worker.py\n")


def test_an_unknown_release_is_refused() -> None:
    """A release of which there is no image ends the run; it is not skipped."""
    with pytest.raises(LabError, match=r"no image of Freqtrade 1999\.1"):
        open_stack("1999.1")
