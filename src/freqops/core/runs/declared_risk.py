"""The RISK_* variables as an inventory declares them: judged before anything is touched, with the rest of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..base.errors import Refused
from ..preflight.fleet import BOTS, Fleet
from ..preflight.refusal import Refusal
from . import risk_variables
from .risk_variables import ACT, FIXED, OF_A_BOT, OF_A_HOST, RiskVariable

NAMES = {variable.name: variable for variable in risk_variables.VARIABLES if variable.name}


def judge(fleet: Fleet) -> Iterator[Refusal]:
    """Yield the values of hosts that are none, and variables with names of the runbook's, which nothing reads."""
    for host, variables in fleet.hosts.items():
        yield from _by_former_names(host, variables)
        for variable in risk_variables.VARIABLES:
            if variable.kind == OF_A_HOST:
                try:
                    risk_variables.of_host({variable.here: fleet.value(host, variable.here)})
                except Refused as refusal:
                    wrong, _, cure = str(refusal).partition("; ")
                    yield Refusal(host, wrong, cure or "write a fraction", paths=((variable.here,),))


def _by_former_names(host: str, variables: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield the variables of a host that have the runbook's names, which nothing reads, with what stands for them."""
    for name in sorted(set(variables) & set(NAMES)):
        yield Refusal(
            host, f"{name} is the runbook's name, and is read by nothing", cure(NAMES[name]), paths=((name,),)
        )


def cure(variable: RiskVariable) -> str:
    """Return what stands for a variable of the runbook here."""
    texts = {
        OF_A_HOST: "here it is {here}, and a share is a fraction",
        OF_A_BOT: f"here it is {{here}} of a bot in {BOTS}, and a share is a fraction",
        FIXED: "here it is always {here}; leave it out",
        ACT: "here it is an act with an end, {here}; leave it out",
    }
    return texts[variable.kind].format(here=variable.here)
