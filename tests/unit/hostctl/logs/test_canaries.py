"""No secret of a bot comes out: every kind, in every form in which it is logged, on every way to a reader."""

from __future__ import annotations

import argparse
import base64
import contextlib
import io
import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import Clock
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout
from freqops.core.incident.evidence import Evidence, understand
from freqops.core.incident.report import report
from freqops.core.incident.six_fields import six_fields
from freqops.core.logs import query
from freqops.core.logs.freqtrade_formatter import JsonLines
from freqops.core.logs.redaction import MARK
from freqops.hostctl import cli
from freqops.hostctl.commands import logs as logs_command
from freqops.hostctl.incident.recorded import Command
from freqops.hostctl.logs import ended, of_gate, writer
from freqops.hostctl.logs.following import Following
from freqops.hostctl.logs.tail import Tail
from tests.unit import secret_forms
from tests.unit.fakes import FakeClock, make_bot

INCIDENT = "20260102T030405Z-halt1-9f3c21"
PEM = (
    "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIAcanaryOfAKeyThatNobodyMaySee+/=\noAoGCCqGSM49\n"
    "-----END EC PRIVATE KEY-----\n"
)
# Each kind of secret, and the parts of it by which it would be recognised.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "plain": ("AKIDcanarycanary", ("AKIDcanarycanary",)),
    "short": ("canary7", ("canary7",)),
    "with quotes": ('ca"n\\a/r y&=%é', ('ca"n', "n\\a/r", "ca%22n")),
    "PEM": (PEM, ("MHcCAQEEIAcanaryOfAKey", "canaryOfAKeyThat")),
    "number": ("48151623", ("48151623",)),
}
FORMS: dict[str, Callable[[str], str]] = {
    **secret_forms.FORMS,
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 for a URL": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}
NOT_KNOWN = {("short", "in base64"), ("short", "in base64 for a URL")}  # seven letters, which any word may have


def traces(kind: str) -> list[str]:
    """Return what of a secret must stand nowhere."""
    secret, parts = KINDS[kind]
    coded = [form(secret).strip('"').rstrip("=") for name, form in FORMS.items() if (kind, name) not in NOT_KNOWN]
    return [*parts, *coded]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    home = make_bot(tmp_path)
    values = {kind: secret for kind, (secret, _) in KINDS.items()}
    document = {
        "exchange": {"key": values["plain"], "secret": values["PEM"], "password": values["short"],
                     "uid": int(values["number"])},
        "api_server": {"username": "freqops", "password": values["with quotes"]},
    }  # fmt: skip
    (home / "conf/secrets.json").write_text(json.dumps(document))
    (home / "var/logs").mkdir(parents=True)
    (tmp_path / writer.DIRECTORY).mkdir(parents=True)
    (tmp_path / writer.DIRECTORY / writer.FILE).write_bytes(b"")
    return tmp_path


def all_of(place: Path) -> str:
    """Return everything that stands in the files below a place."""
    return "\n".join(path.read_text() for path in place.rglob("*") if path.is_file())


def by_the_writer(root: Path, text: str, secret: str) -> str:
    Writer = writer.Writer  # noqa: N806  a class
    Writer(root, Clock(), root / "lost").write(
        "INFO", "risk", f"asked with {text}", correlation_id=text, deep={"a": [text, {text: secret}]},
        number=int(secret) if secret.isdigit() else 0,
    )  # fmt: skip
    return all_of(root / writer.DIRECTORY)


def by_the_end_of_a_command(root: Path, text: str, _secret: str) -> str:
    options = argparse.Namespace(root=root, command="resume", bot="alpha", reason=text, actor="ann", incident=INCIDENT)
    ended.write(options, "freqops-host", 2, [f"it failed: {text}"], 1.0)
    return all_of(root / writer.DIRECTORY)


def by_the_start_gate(root: Path, text: str, _secret: str) -> str:
    home = root / "bots/alpha"
    of_gate.write(home, home / "var/logs", f"held: {text}")
    return all_of(home / "var/logs")


def by_freqtrade(root: Path, text: str, secret: str) -> str:
    formatter = JsonLines(str(root / "bots/alpha/conf/secrets.json"))
    try:
        raise ValueError(f"refused {text}")  # noqa: TRY301  a traceback with it
    except ValueError:
        info = sys.exc_info()
    record = logging.LogRecord("freqtrade.x", logging.ERROR, "f.py", 1, "asked %s with %s", (text, secret), info)
    record.stack_info = f"stack {text}"
    vars(record).update(extra={"it": text}, number=int(secret) if secret.isdigit() else 0)
    return formatter.format(record)


def laid(root: Path, text: str, **more: Any) -> None:
    """Lay a line into the log of a bot of which nothing was taken out, as a strategy may that writes there itself."""
    line = {"ts": datetime.now(UTC).isoformat(), "level": "ERROR", "logger": "x", "message": f"asked with {text}",
            **more}  # fmt: skip
    (root / "bots/alpha/var/logs/freqtrade.log").write_text(json.dumps(line) + "\n")


def said(root: Path, *words: str) -> str:
    """Return what a command prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        cli.main(list(words), root)
    return out.getvalue()


def by_the_lines(root: Path, text: str, _secret: str) -> str:
    laid(root, text, exception=f"Traceback\nValueError: {text}", more={"deep": [text]})
    return said(root, "logs", "--json") + said(root, "logs")


def by_the_errors(root: Path, text: str, _secret: str) -> str:
    laid(root, text)
    return said(root, "logs", "errors", "--json") + said(root, "logs", "errors")


def by_the_lines_that_are_followed(root: Path, text: str, _secret: str) -> str:
    laid(root, text)
    options = argparse.Namespace(root=root, action="show")
    heard: list[Any] = []
    now = Clock().utcnow()
    logs = [(source, Tail(log)) for source, log in logs_command._logs(options, None)]
    asked = query.Query(query.since("1h", now), now)
    Following(logs, asked, heard.append, Clock()).run(0.0, lambda _seconds: None)
    return "\n".join(json.dumps(event, ensure_ascii=False) for event in heard)


def evidence(root: Path, text: str, secret: str) -> Evidence:
    """Return the evidence of a command whose questions, answers and errors have a secret."""
    mandate = Mandate(INCIDENT, f"because {text}", "ann@control")
    command, bot = Command("reconcile", mandate, root, FakeClock()), layout.load_bot(root / "bots/alpha")

    def act(diary: Any) -> Outcome:
        diary.note("question", "bot", f"GET /status {text}", answer={"deep": [text, {text: secret}]})
        diary.note("act", "exchange", f"sell {text}", error=f"it failed: {text}")
        return Outcome("alpha", "it failed", proven=False, detail=[f"it failed: {text}"])

    command.on(bot, act)
    files = {path.name: path.read_text() for path in (root / "incidents" / INCIDENT).iterdir()}
    assert len(files) == 2
    return Evidence(INCIDENT, {"paper-1": files})


def by_the_evidence(root: Path, text: str, secret: str) -> str:
    evidence(root, text, secret)
    return all_of(root / "incidents")


def by_the_report(root: Path, text: str, secret: str) -> str:
    return report(evidence(root, text, secret))


def by_the_six_fields(root: Path, text: str, secret: str) -> str:
    return six_fields(understand(evidence(root, text, secret)), {}, {})


WAYS = (
    by_the_writer, by_the_end_of_a_command, by_the_start_gate, by_freqtrade, by_the_lines, by_the_errors,
    by_the_lines_that_are_followed, by_the_evidence, by_the_report, by_the_six_fields,
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_secret_comes_out(root: Path, way: Callable[[Path, str, str], str], kind: str, form: str) -> None:
    if (kind, form) in NOT_KNOWN:
        form = "as it is"
    secret = KINDS[kind][0]
    found = way(root, FORMS[form](secret), secret)
    assert MARK in found, "it was there"
    passed = [trace for trace in traces(kind) if trace in found]
    assert passed == [], found


@pytest.mark.parametrize("way", [by_the_writer, by_freqtrade, by_the_lines], ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", ["password", "api_key", "X-Auth-Token", "secret"])
def test_a_field_that_is_called_a_secret_is_one_though_nobody_knows_it(
    root: Path, way: Callable[[Path, str, str], str], name: str
) -> None:
    line = {"ts": datetime.now(UTC).isoformat(), "level": "INFO", "logger": "x", "message": "m", name: "nobodyknowsit",
            "deep": {name: "nobodyknowsit"}}  # fmt: skip
    if way is by_the_lines:
        (root / "bots/alpha/var/logs/freqtrade.log").write_text(json.dumps(line) + "\n")
        found = said(root, "logs", "--json")
    elif way is by_the_writer:
        writer.Writer(root, Clock(), root / "lost").write(
            "INFO", "x", "m", **{name: "nobodyknowsit"}, deep={name: "nobodyknowsit"}
        )
        found = all_of(root / writer.DIRECTORY)
    else:
        record = logging.LogRecord("x", logging.INFO, "f.py", 1, "m", (), None)
        vars(record).update({name: "nobodyknowsit", "deep": {name: "nobodyknowsit"}})
        found = JsonLines(str(root / "bots/alpha/conf/secrets.json")).format(record)
    assert MARK in found
    assert "nobodyknowsit" not in found
