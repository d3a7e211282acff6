"""Freqtrade's lines as JSON, by its own way to set up its log: ``log_config``, and again at each reload."""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot import configuration
from freqops.core.logs.freqtrade_formatter import SECRETS, JsonLines
from freqops.core.logs.redaction import MARK


def set_up(log: Path, config: dict[str, Any] = configuration.REQUIRED) -> None:
    """Do what ``freqtrade.loggers.setup_logging`` of Freqtrade 2026.9 does with a configuration."""
    found = deepcopy(config["log_config"])
    assert Path(found["handlers"]["file"]["filename"]) == Path(config["logfile"])
    found["handlers"]["file"]["filename"] = str(log)
    found["handlers"]["console"] = {"class": "logging.StreamHandler", "formatter": "basic"}  # rich is Freqtrade's own
    found["loggers"] = {"freqtrade": {"level": "INFO", "propagate": True}}
    logging.config.dictConfig(found)


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:], root.level = handlers, level


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_logger_that_was_there_before_a_reload_is_not_silent_after_it(tmp_path: Path) -> None:
    """Freqtrade once was, see its issue 11944; dictConfig silences them unless it is told otherwise."""
    logger = logging.getLogger("AStrategy")  # those below a logger that is configured are not silenced anyway
    for _ in range(2):
        set_up(tmp_path / "it.log")
        logger.info(
            "Changing state to: %s", "RUNNING", extra={"run_id": "r", "correlation_id": "c", "pair": "BTC/USDT"}
        )
    first, second = lines(tmp_path / "it.log")
    assert list(first)[4:] == ["correlation_id", "run_id", "pair"]
    assert {name: first[name] for name in first if name != "ts"} == {
        "level": "INFO", "logger": "AStrategy", "message": "Changing state to: RUNNING",
        "correlation_id": "c", "run_id": "r", "pair": "BTC/USDT",
    }  # fmt: skip
    assert first["ts"].endswith("+00:00")
    assert second["message"] == first["message"]


def test_it_is_rotated(tmp_path: Path) -> None:
    config = deepcopy(configuration.REQUIRED)
    config["log_config"]["handlers"]["file"]["maxBytes"] = 1000
    set_up(tmp_path / "it.log", config)
    for number in range(100):
        logging.getLogger("freqtrade.test").info("line %d", number)
    kept = sorted(tmp_path.iterdir())
    assert 5 < len(kept) <= 16
    assert all(lines(path) for path in kept)


def _refuse() -> None:
    raise ValueError("refused shortkey")


def formatted(place: Path, secrets: object, message: str, args: tuple[str, ...], **more: Any) -> dict[str, Any]:
    path = place / "secrets.json"
    path.write_text(secrets if isinstance(secrets, str) else json.dumps(secrets))
    record = logging.LogRecord("freqtrade.test", logging.ERROR, "f.py", 1, message, args, None)
    vars(record).update(more)
    found: dict[str, Any] = json.loads(JsonLines(str(path)).format(record))
    return found


def test_the_secrets_of_the_bot_are_in_no_value(tmp_path: Path) -> None:
    secrets = {"exchange": {"key": "shortkey", "secret": "a secret with blanks"}}
    with pytest.raises(ValueError, match="refused") as caught:
        _refuse()
    info = (caught.type, caught.value, caught.tb)
    found = formatted(
        tmp_path, secrets, "asked by %s with %s", ("shortkey", "a%20secret%20with%20blanks"),
        why={"it": "a secret with blanks"}, exc_info=info,
    )  # fmt: skip
    assert found["message"] == f"asked by {MARK} with {MARK}"
    assert found["why"] == {"it": MARK}
    assert found["exception"].splitlines()[-1] == f"ValueError: refused {MARK}"
    assert "Traceback" in found["exception"]


@pytest.mark.parametrize("secrets", ["", "{", "[" * 100_000])
def test_without_a_file_of_secrets_freqtrade_still_starts(tmp_path: Path, secrets: str) -> None:
    assert formatted(tmp_path, secrets, "password=%s", ("x",))["message"] == f"password={MARK}"


def test_its_secrets_are_where_the_container_has_them() -> None:
    template = (Path(__file__).parents[4] / "templates/bot/compose.yml.j2").read_text()
    assert f"{SECRETS.rpartition('/')[0]}:ro" in template
