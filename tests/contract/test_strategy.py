"""Strategies in the image: the shipped one, and others as they are read there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from textwrap import dedent, indent

import pytest

from freqops.core.deploy import strategy_package, zipapp
from freqops.core.runs import reading_container, strategy_reading
from freqops.core.runs.strategy_reading import Strategy
from tests.contract.deployed import container_options
from tests.contract.stack import Stack, finished

ROOT = Path(__file__).resolve().parents[2]
FREQOPS = ROOT / "src" / "freqops"
SHIPPED = "MaCrossoverStrategy"
SECONDS = 6  # for one that never ends; none of the others takes so long
MISSING = "a_module_that_nobody_has"
HEAD = """
    import os, sys
    from freqtrade.strategy import *
    from freqops.strategy import EntryGate
    class Plain(IStrategy):
        timeframe = "5m"
        minimal_roi = {"60": 0.01, "0": 0.1}
        stoploss = -0.1
        def populate_indicators(self, dataframe, metadata): return dataframe
        def populate_entry_trend(self, dataframe, metadata): return dataframe
        def populate_exit_trend(self, dataframe, metadata): return dataframe
"""
FORGED = json.dumps({"freqtrade": "0", "strategies": []})
GOOD = {  # by the class: what it has besides `Plain`
    "Searched": """
        timeframe = "15m"
        can_short = False
        startup_candle_count = 40
        trailing_stop = True
        trailing_stop_positive = 0.01
        trailing_stop_positive_offset = 0.02
        trailing_only_offset_is_reached = True
        position_adjustment_enable = True
        max_entry_position_adjustment = 2
        buy_ema = IntParameter(3, 20, default=8)
        sell_limit = DecimalParameter(0.1, 0.9, default=0.5, decimals=2, optimize=False)
        kind = CategoricalParameter(["fast", "slow"], default="slow", space="buy", load=False)
        cool = BooleanParameter(default=False, space="protection")
        @informative("1h")
        def populate_indicators_1h(self, dataframe, metadata): return dataframe
        def informative_pairs(self): return [("BTC/USDT", "4h")]
        def adjust_trade_position(self, *args, **kwargs): return None
        def custom_exit(self, *args, **kwargs): return None
    """,
    "Protected": """
        cooldown = IntParameter(1, 20, default=4, space="protection")
        @property
        def protections(self): return [{"method": "CooldownPeriod", "stop_duration_candles": self.cooldown.value}]
        def informative_pairs(self): return [(pair, "1d") for pair in self.dp.current_whitelist()]
    """,
    "Shorts": "can_short = True",
    "Lazy": f"""
        def bot_start(self, **kwargs):
            import {MISSING}
    """,
    "ForgesAloud": f"""
        def __init__(self, config):
            super().__init__(config)
            print({FORGED!r}, flush=True)
            os.write(1, {FORGED.encode()!r})
    """,
    "FillsWhatItMayWrite": """
        def __init__(self, config):
            super().__init__(config)
            for number in range(20): open(f"/tmp/{number}", "wb").write(b"x" * 1_000_000)
    """,
}
BAD = {  # by the class: what it has besides, and how its reason begins
    "Imports": ("", f"ModuleNotFoundError: No module named '{MISSING}' (Imports.py, line "),
    "Exits": ("def __init__(self, config): os._exit(0)", "its process ended with 0, and gave no answer"),
    "ExitsAloud": (
        f"def __init__(self, config): print({FORGED!r}, flush=True); os._exit(0)",
        "its process ended with 0, and gave no answer",
    ),
    "ExitsByItself": ("def __init__(self, config): sys.exit(0)", "SystemExit: 0"),
    "KillsItself": ("def __init__(self, config): os.kill(os.getpid(), 9)", "its process was killed by signal 9"),
    "KillsAll": ("def __init__(self, config): os.kill(-1, 9)", ""),
    "KillsTheReader": (
        "def __init__(self, config): os.kill(1, 9); os.kill(1, 15); raise ValueError('it lives')",
        "ValueError: it lives (KillsTheReader.py, line ",
    ),
    "WritesToTheReader": ("def __init__(self, config): open('/proc/1/fd/1', 'w').write('x')", "PermissionError"),
    "Prints": ("def __init__(self, config): print('x' * 10_000_000)", "it printed more than 1024 KiB"),
    "ForgesEverywhere": (
        """
        def __init__(self, config):
            super().__init__(config)
            for number in range(3, 256):
                try: os.write(number, b'{"answer": {}}')
                except OSError: pass
        """,
        "something else was written where its answer is expected",
    ),
    "Eats": ("def __init__(self, config): self.x = [b'x' * 10_000_000 for _ in range(1000)]", "MemoryError"),
    "NeverEnds": (
        """
        def __init__(self, config):
            if os.fork() == 0: os.setsid()
            while True: pass
        """,
        f"it did not end within {SECONDS} s",
    ),
    "WithoutRoi": ("minimal_roi = None", "AttributeError"),
    "WithoutSpace": ("ema = IntParameter(3, 20, default=8)", "DependencyException: Cannot determine parameter space"),
    "OddParameters": ("", "Invalid parameter file provided."),
}
PARAMETERS = {
    "Searched": {
        "strategy_name": "Searched",
        "params": {
            "buy": {"buy_ema": 13, "kind": "fast"},
            "sell": {"sell_limit": 0.25},
            "stoploss": {"stoploss": -0.2},
        },
    },
    "OddParameters": {"strategy_name": "Another", "params": {}},
}
IMPORT = "from freqtrade.strategy import IStrategy\n"
OTHERS = {
    "NeverImported.py": f"{IMPORT}class NeverImported(IStrategy): ...\nwhile True: ...\n",
    "NoPython.py": f"{IMPORT}class NoPython(IStrategy):\n  def x(:\n",
    "OfNobody.py": f"from {MISSING} import Base\nclass OfNobody(Base): ...\n",
    "Helper.py": "class Helper: ...\n",
    "ZCopy.py": f"{IMPORT}class Gated(IStrategy): ...\n",
}
Read = dict[str, Strategy]


def _lay(place: Path) -> None:
    """Write strategies, what they import of freqops, and the program that reads them."""
    strategies = place / "input" / "strategies"
    strategies.mkdir(parents=True)
    shutil.copy(ROOT / "strategies" / f"{SHIPPED}.py", strategies)
    for name, own in (GOOD | {name: case[0] for name, case in BAD.items()} | {"Gated": "pass"}).items():
        bases = "EntryGate, Plain" if name == "Gated" else "Plain"
        body = indent(dedent(own).strip() or "pass", "    ")
        source = f"{dedent(HEAD)}\nclass {name}({bases}):\n{body}\n"
        (strategies / f"{name}.py").write_text(f"import {MISSING}\n{source}" if name == "Imports" else source)
    for name, document in PARAMETERS.items():
        (strategies / f"{name}.json").write_text(json.dumps(document))
    for name, text in OTHERS.items():
        (strategies / name).write_text(text)
    (place / "tool").mkdir()
    (place / "tool" / "freqops-host").write_bytes(zipapp.build(FREQOPS))
    for name, text in strategy_package.files(FREQOPS).items():
        path = place / "input" / "python" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in (place / "input", place / "tool", *place.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture(scope="module")
def read(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """Return all of them as they are read, in one container: it is Freqtrade's imports that take the time."""
    place = tmp_path_factory.mktemp("read") / "all"
    _lay(place)
    wanted = [SHIPPED, *GOOD, *BAD, "Gated", "NeverImported", "NoPython", "OfNobody"]
    made = reading_container.made(stack.image, reading_container.options(wanted, SECONDS, 110), place)
    options = {**container_options(made.service()), "tmpfs": {"/tmp": "size=64m"}, "pids_limit": made.PIDS}  # noqa: S108
    container = stack.run(stack.image, **options)
    status, said = finished(container)
    stack.remove(container)
    assert status == 0, said
    version, found = strategy_reading.strategies(json.loads(said.splitlines()[-1]), wanted)
    assert re.fullmatch(r"\d{4}\.\d+.*", version)
    assert len(found) == len(wanted) + 1, "one has two files"
    return {each.file: each for each in found}


def test_the_strategy_passes_its_tests_in_the_pinned_image(stack: Stack) -> None:
    """The shipped strategy passes its tests in the image, with its Freqtrade and its pandas."""
    container = stack.run(
        stack.image,
        entrypoint=["python3", "-m", "unittest", "test_ma_crossover", "test_levels"],
        working_dir="/project/tests/strategy",
        volumes={
            str(ROOT / path): {"bind": f"/project/{path}", "mode": "ro"}
            for path in ("tests/strategy", "strategies", "docs/examples/strategy", "src")
        },
        environment={"PYTHONPATH": "/project/src"},
        tmpfs={"/tmp": ""},  # noqa: S108  the container's own
    )
    status, said = finished(container)
    stack.remove(container)
    assert status == 0, said
    ran = re.search(r"^Ran (\d+) tests", said, re.MULTILINE)
    assert ran is not None, said
    assert int(ran.group(1)) >= 14, said


def test_a_strategy_is_read_as_a_bot_would_have_it(read: Read) -> None:
    """Its values are those of its class, of its file of parameters, and of Freqtrade, in this order.

    So freqops has Freqtrade's own resolver load it, and asks the strategy that it makes.
    """
    found = read["Searched.py"]
    assert (found.why, found.missing) == ("", ())
    facts = found.facts
    assert (facts["timeframe"], facts["informative"], facts["informative_known"]) == ("15m", ["1h", "4h"], True)
    assert facts["minimal_roi"] == {"0": 0.1, "60": 0.01}
    assert (facts["stoploss"], facts["startup_candle_count"], facts["parameter_file"]) == (-0.2, 40, True)
    trailing = [value for name, value in facts.items() if name.startswith("trailing")]
    assert sorted(map(float, trailing)) == [0.01, 0.02, 1.0, 1.0]
    assert (facts["position_adjustment_enable"], facts["max_entry_position_adjustment"]) == (True, 2)
    assert {"adjust_trade_position", "custom_exit", "informative_pairs"} < set(facts["callbacks"])
    assert (facts["entry_gate"], facts["trading_mode"], facts["protections"]) == (False, "spot", [])
    assert facts["order_types"]["stoploss_on_exchange"] is False


def test_its_parameters_are_read_with_what_they_may_be_and_what_they_are(read: Read) -> None:
    """Freqtrade loads values into parameters that take some, from the file beside the strategy.

    So freqops notes each one before and after that.
    """
    found = {each["name"]: each for each in read["Searched.py"].facts["parameters"]}
    told = ("space", "type", "low", "high", "categories", "default", "value", "optimize", "load")
    assert {name: tuple(each[key] for key in told) for name, each in found.items()} == {
        "buy_ema": ("buy", "IntParameter", 3, 20, None, 8, 13, True, True),
        "kind": ("buy", "CategoricalParameter", None, None, ["fast", "slow"], "slow", "slow", True, False),
        "sell_limit": ("sell", "DecimalParameter", 0.1, 0.9, None, 0.5, 0.25, False, True),
        "cool": ("protection", "BooleanParameter", None, None, [True, False], False, False, True, True),
    }


def test_the_gate_protections_and_kinds_of_markets_are_read(read: Read) -> None:
    """Protections may be a property, which only the strategy itself can answer, and may need parameters.

    So freqops asks the strategy, when its parameters are loaded.
    """
    assert [read[f"{name}.py"].facts["entry_gate"] for name in (SHIPPED, "Gated", "Protected")] == [True, True, False]
    protected = read["Protected.py"].facts
    assert protected["protections"] == [{"method": "CooldownPeriod", "stop_duration_candles": 4}]
    assert protected["informative_known"] is False
    assert (read["Shorts.py"].facts["can_short"], read["Shorts.py"].facts["trading_mode"]) == (True, "futures")


@pytest.mark.parametrize("name", [SHIPPED, *GOOD])
def test_what_freqtrade_loads_is_read_whatever_it_prints_or_writes(read: Read, name: str) -> None:
    """Strategies print, and leave files in the directory that they may write.

    So freqops takes no print for an answer, and clears that directory after each of them.
    """
    assert read[f"{name}.py"].why == ""
    assert read[f"{name}.py"].missing == ((MISSING,) if name == "Lazy" else ())


@pytest.mark.parametrize("name", BAD)
def test_what_a_strategy_does_to_its_process_is_its_own_failure(read: Read, name: str) -> None:
    """Freqtrade executes strategies in its own process, whatever they are.

    So freqops reads each in one of its own, beside which those that come after are read all the same.
    """
    found = read[f"{name}.py"]
    assert not found.is_read
    assert found.why.startswith(BAD[name][1]), found.why
    assert found.missing == ((MISSING,) if name == "Imports" else ())


def test_what_cannot_be_executed_is_named_by_its_text(read: Read) -> None:
    """Freqtrade passes over files that it cannot execute, and never comes to the end of one that has none.

    So freqops takes the names of the classes from the text, and the reason from the process that tried.
    """
    assert read["NeverImported.py"].why == f"it did not end within {SECONDS} s"
    assert read["NoPython.py"].why == "SyntaxError: invalid syntax (NoPython.py, line 3)"
    assert read["OfNobody.py"].missing == (MISSING,)
    assert read["ZCopy.py"].why == "Freqtrade takes the class of this name from Gated.py"
    assert "Helper.py" not in read
