"""The validator of releases without Freqtrade, which is in the image only: what no test gives it is an object."""

from __future__ import annotations

import faulthandler
import importlib.util
import logging
import sys
from types import ModuleType
from typing import Any

import pytest

from tests.unit.core.preflight.fleets import ROOT

VALIDATOR = ROOT / "roles" / "freqtrade" / "files" / "validate_release.py"
VALIDATION = "freqops_validation"  # its package
LIMITS: list[tuple[float, dict[str, bool]]] = []  # of its time, and what it does then, for each run
NAMES = {
    "freqtrade": (),
    "freqtrade.config_schema": ("CONF_SCHEMA",),
    "freqtrade.configuration": ("Configuration", "validate_config_consistency"),
    "freqtrade.configuration.load_config": ("load_config_file",),
    "freqtrade.constants": ("ENV_VAR_PREFIX",),
    "freqtrade.enums": ("RPCMessageType",),
    "freqtrade.exceptions": ("FreqtradeException",),
    "freqtrade.misc": ("deep_merge_dicts",),
    "freqtrade.resolvers": ("StrategyResolver",),
    "freqtrade.strategy": ("IStrategy",),
}


def load(monkeypatch: pytest.MonkeyPatch, **given: Any) -> Any:
    """Return the validator beside a Freqtrade that consists of what a test gives it; it silences and ends no other."""
    monkeypatch.setattr(logging, "disable", lambda _level: None)
    monkeypatch.setattr(faulthandler, "dump_traceback_later", lambda seconds, **more: LIMITS.append((seconds, more)))
    for name, provided in NAMES.items():
        module = ModuleType(name)
        for each in provided:
            setattr(module, each, given.get(each, object))
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.syspath_prepend(str(VALIDATOR.parent))
    for name in [name for name in sys.modules if name.partition(".")[0] == VALIDATION]:
        monkeypatch.delitem(sys.modules, name)  # they know the Freqtrade of another test
    spec = importlib.util.spec_from_file_location("validate_release_beside_no_freqtrade", VALIDATOR)
    assert spec is not None
    assert spec.loader is not None
    validator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(validator)
    vars(validator)["built"] = sys.modules[f"{VALIDATION}.built"]
    return validator
