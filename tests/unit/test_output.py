"""Where text leaves freqops: every way is known, and on each the text of others is made visible."""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_guarded, freqops_lint_report, freqops_stage
from freqops.core.base import markdown
from freqops.core.base.errors import Refused
from freqops.core.base.text_table import table
from freqops.core.bot import host_command
from freqops.core.halt import halt_drill
from freqops.core.incident.evidence import Evidence
from freqops.core.incident.report import report
from freqops.hostctl import cli
from freqops.hostctl.bot import start_gate
from freqops.hostctl.bot import status as host_status
from freqops.hostctl.commands import output as host_output
from freqops.hostctl.halt import answer as halt_answer
from freqops.plays import lint_report
from freqops.plays import output as plays_output

ROOT = Path(__file__).parents[2]
EVIL = "x\x1b[2J\x07\r\n# ALL PROVEN\u2028```\n\u202e\u2066\u200b\ud800\x9b"
FORGED = ("# ALL PROVEN", "ALL PROVEN", "```\n")

# Files that write to a terminal, a log or a pipe by themselves.
WRITERS = {
    "src/freqops/hostctl/bot/quick_probe.py",  # one of two words of its own
    "src/freqops/hostctl/bot/start_gate.py",
    "src/freqops/hostctl/cli.py",
    "src/freqops/hostctl/commands/output.py",
    "src/freqops/hostctl/commands/halt.py",  # only flushes
    "src/freqops/hostctl/own_session.py",  # words of its own; what its child printed passes as it is
    "src/freqops/research/candles.py",  # JSON for the process that started it
    "src/freqops/research/strategies.py",  # likewise
    "src/freqops/schedule/__main__.py",  # its own words, made visible
    "src/freqops/schedule/job_run.py",  # likewise
    "src/freqops/witness/__main__.py",  # JSON for the process that started it
    "src/freqops/witness/update_records.py",  # likewise
}


def sources(*below: str) -> list[Path]:
    return sorted(path for name in below for path in (ROOT / name).rglob("*.py"))


def names(path: Path) -> Iterator[str]:
    """Yield what a file calls or names, with dots."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute | ast.Name):
            yield ast.unparse(node)


def test_who_writes_by_itself_is_known() -> None:
    ways = {"print", "sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"}
    found = {str(path.relative_to(ROOT)) for path in sources("src/freqops") if ways & set(names(path))}
    assert found == WRITERS


def test_plays_show_lines_in_one_place() -> None:
    found = [path for path in sources("src/freqops", "action_plugins") if "Display" in names(path)]
    assert found == [ROOT / "src/freqops/plays/output.py"]


def test_a_module_fails_with_our_own_words_or_with_visible_ones() -> None:
    for path in sources("library"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("fail_json"):
                [text] = [word.value for word in node.keywords if word.arg == "msg"]
                assert is_ours(text, path), f"{path}: {ast.unparse(text)}"


def is_ours(text: ast.expr, path: Path) -> bool:
    """Return whether a text is a constant, made visible here, or made of what `host_command.serve` made visible."""
    called = {ast.unparse(node.func) for node in ast.walk(text) if isinstance(node, ast.Call)}
    names_of_errors = {"error", "err", "refusal", "taken"} & {
        node.id for node in ast.walk(text) if isinstance(node, ast.Name)
    }
    return "visible" in called or not names_of_errors or called == {"type"}


# --- each of them


def judge(text: str, lines: int) -> None:
    """Fail unless a text is that many lines, all of them printable and none of them forged."""
    assert text.count("\n") + 1 == lines, text
    assert all(line.isprintable() for line in text.split("\n"))
    assert not [line for line in text.split("\n") if line.startswith(FORGED)]
    text.encode()


def test_a_table() -> None:
    judge(table(("one", EVIL), [[EVIL, 1], [None, EVIL]]), 4)


def test_a_line_of_a_play(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _self, text, *_: said.append(text))
    monkeypatch.setattr(Display, "vvv", lambda _self, text, **_: said.append(text))
    plays_output.show(["one", EVIL], "red")
    plays_output.trace("host", f"Traceback\n{EVIL.replace(chr(10), ' ').replace(chr(13), '').replace(chr(0x2028), '')}")
    judge(said[0], 2)
    judge(said[1], 2)


def test_a_line_on_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(host_output, "sys", SimpleNamespace(stdout=out))
    host_output.print_text("one", EVIL)
    judge(out.getvalue().removesuffix("\n"), 2)
    out.truncate(out.seek(0))
    host_output.print_json({"a": EVIL})
    judge(out.getvalue().removesuffix("\n"), 1)
    assert out.getvalue().isascii()


def test_the_table_of_a_halt_and_of_a_status_on_a_host() -> None:
    row = {
        "bot": EVIL, "mode": EVIL, "level": 1, "acknowledged": True, "proven": False, "proven_s": None,
        "verdict": EVIL, "detail": [EVIL], "problems": [EVIL], "holds": [], "trader": EVIL, "image": EVIL,
    }  # fmt: skip
    said = {"bots": [row], "undeclared": [{"pid": 7, "command": EVIL}], "proven": False}
    judge("\n".join(halt_answer.lines(said)[:3]), 3)
    for lines in (halt_answer.lines(said), host_status.render(said)):
        out = io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(host_output, "sys", SimpleNamespace(stdout=out))
            host_output.print_text(*lines)
        judge(out.getvalue().removesuffix("\n"), len(lines))


@pytest.mark.parametrize(
    "error", [Refused(EVIL), PermissionError(EVIL), OSError(EVIL)], ids=lambda error: type(error).__name__
)
def test_the_errors_of_the_command_on_a_host(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(cli, "sys", SimpleNamespace(stderr=err))
    monkeypatch.setattr(host_output, "sys", SimpleNamespace(stdout=out))

    def fails() -> int:
        raise error

    assert cli._answered(fails, "freqops-host") != 0
    judge(err.getvalue().removesuffix("\n"), 1)


def test_the_words_of_a_gate_that_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Waits(Exception):
        pass

    def pause() -> None:
        raise Waits

    out = io.StringIO()
    modules = {
        "signal": SimpleNamespace(signal=lambda *_: None, SIGTERM=1, SIGINT=2, pause=pause),
        "freqops.core.bot.processes": SimpleNamespace(WAITING="waits"),
    }
    monkeypatch.setattr(start_gate, "import_module", lambda name: modules.get(name) or import_module(name))
    monkeypatch.setattr(start_gate, "sys", SimpleNamespace(stdout=out))
    monkeypatch.setattr(start_gate, "COMM", tmp_path / "comm")
    with pytest.raises(Waits):
        start_gate._wait(EVIL)
    judge(out.getvalue().removesuffix("\n"), 1)


class Failed(Exception):
    """A module has failed."""


class Module:
    """A module that notes how it failed."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def run_command(self, _words: list[str]) -> tuple[int, str, str]:
        return 0, self.answer, ""

    def fail_json(self, msg: str, **_: Any) -> None:
        raise Failed(msg)


@pytest.mark.parametrize("name", ["refused", "not_proven", "else"])
def test_the_failure_of_a_module(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(host_command, "TOOL", str(tmp_path))
    document = f'{{"{name}": {ascii_json(EVIL)}}}'
    with pytest.raises(Failed) as caught:
        host_command.serve(Module(document), ["flatten"], "flat", "alpha: ")
    judge(str(caught.value), 1)


def test_what_a_module_was_answered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(host_command, "TOOL", str(tmp_path))
    answer = host_command.serve(Module(f'{{"flat": true, "left": [{ascii_json(EVIL)}]}}'), ["flatten"], "flat")
    judge("; ".join(answer["left"]), 1)


def ascii_json(text: str) -> str:
    return '"' + "".join(f"\\u{ord(char):04x}" for char in text) + '"'


def test_the_pages() -> None:
    bot = {"bot": EVIL, "exercises": [dict.fromkeys(halt_drill.KEYS, EVIL)], "passed": False, "detail": [EVIL]}
    for page in (
        halt_drill.page("one", EVIL, EVIL, [(EVIL, bot)], datetime.now(UTC)),
        report(Evidence("one", {EVIL: {EVIL: EVIL}}, {EVIL: EVIL}, {EVIL: [EVIL]})),
        "\n".join(markdown.block([EVIL])),
        markdown.code(EVIL),
    ):
        lines = page.rstrip("\n").split("\n")
        assert all(line.isprintable() for line in lines)
        assert not [line for line in lines if line.startswith(FORGED[:2])]
        fences = [line for line in lines if line.startswith("```")]
        assert fences == ["```text", "```"] * (len(fences) // 2)


def test_a_backtick_of_others_ends_no_code() -> None:
    assert "`" not in markdown.code(EVIL)[1:-1]
    assert "`" not in markdown.block([EVIL])[1]


def test_actions_of_their_own_fail_with_visible_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(lint_report, "report", lambda *_: ["one", EVIL])
    monkeypatch.setattr(lint_report, "cautions", lambda *_: [EVIL])
    action = freqops_lint_report.ActionModule.__new__(freqops_lint_report.ActionModule)
    action._task = cast(Task, SimpleNamespace(args={"refusals": {"alpha": "x"}, "cautions": {"alpha": "x"}}))
    result = action.run(None, {"ansible_inventory_sources": [], "hostvars": {}, "inventory_hostname": "h"})
    judge(result["msg"], 4)
    judge(result["warnings"][0], 1)
    failure: Any = SimpleNamespace(message=EVIL)
    judge(freqops_guarded._said(failure), 1)


def test_a_release_that_cannot_be_built_says_so_visibly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})

    def fails(_values: Any) -> Any:
        raise Refused(EVIL)

    monkeypatch.setattr(freqops_stage, "_build", fails)
    action = freqops_stage.ActionModule.__new__(freqops_stage.ActionModule)
    action._task = cast(Task, SimpleNamespace(args={"bot": {"name": "alpha"}}))
    judge(action.run(None, {})["msg"], 1)
