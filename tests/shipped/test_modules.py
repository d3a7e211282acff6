"""Every module of library/ runs on a bare interpreter: what Ansible ships with it is all it needs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.shipped.bare import ROOT, Bare
from tests.unit.slot_fields import lay_breaker

ON_BOTH = {
    "freqops_keepalive",
    "freqops_probe",
    "freqops_slot",
    "freqops_switch",
}  # actions that run the module of their name
ACTIONS = {path.stem for path in (ROOT / "action_plugins").glob("*.py")} - ON_BOTH  # these run on the control node
ON_HOSTS = sorted({path.stem for path in (ROOT / "library").glob("*.py")} - ACTIONS)
NO_TOOL = "freqops-host"
MARK = "\n".join(
    (  # of a validated release
        'freqops-remark: {"kind": "trading", "configuration": {}}',
        f'freqops-remark: {{"kind": "read", "config.json": "{"0" * 64}"}}',
        'freqops-remark: {"kind": "stake", "values": {}, "fixed": []}',
    )
)
RUN_THE_TOOL = (
    "freqops_adopt",
    "freqops_backup",
    "freqops_bots",
    "freqops_breaker",
    "freqops_breaker_info",
    "freqops_fenced",
    "freqops_flatten",
    "freqops_incident_info",
    "freqops_keepalive",
    "freqops_lockout",
    "freqops_move",
    "freqops_postgres",
    "freqops_reconcile",
    "freqops_renew_repository",
    "freqops_repositories",
    "freqops_restore",
    "freqops_restore_parts",
    "freqops_resume",
    "freqops_retention",
    "freqops_rollback",
    "freqops_switch",
    "freqops_upgrade_postgres",
    "freqops_vacuum",
    "freqops_witness_contract",
)
ONLY_LOOK = ("freqops_probe", "freqops_remove", "freqops_slot_info", "freqops_units", "freqops_validate")
WHY = ("incident", "reason", "actor")
# These would change the machine itself; here they must refuse, and say why.
REFUSE = {
    "freqops_confirm": "SSH connection",
    "freqops_databases": "Postgres does not answer",
    "freqops_firewall": "SSH connection",
    "freqops_schedule": "this machine has no calendar",
    "freqops_schedule_judge": "it has no playbook",
    "freqops_sshd": "SSH connection",
    "freqops_sudoers": "SSH connection",
    "freqops_sysctl": "must stay 1",
}


def arguments(name: str, home: Path) -> dict[str, Any]:
    """Return arguments with which the module does its work, or says what the host lacks."""
    under_incident = {"bot": "alpha", "incident": "one", "reason": "done", "actor": "ann"}
    known: dict[str, dict[str, Any]] = {
        "freqops_adopt": {"state": "undone", "bot": {"name": "alpha"}, **{name: under_incident[name] for name in WHY}},
        "freqops_backup": {"action": "list"},
        "freqops_bots": {"action": "stop", "bots": ["alpha"], **{name: under_incident[name] for name in WHY}},
        "freqops_upgrade_postgres": {"state": "undone", **{name: under_incident[name] for name in WHY}},
        "freqops_vacuum": {"bots": ["alpha"], **{name: under_incident[name] for name in WHY}},
        "freqops_breaker": {"state": "disabled"},
        "freqops_breaker_info": {},
        "freqops_confirm": {"change": "firewall"},
        "freqops_fenced": {"host": "paper-1", "bot": "alpha"},
        "freqops_firewall": {"ssh_ports": [22], "seconds": 60},
        "freqops_flatten": under_incident,
        "freqops_incident_info": {},
        "freqops_keepalive": {"actor": "ann@control"},
        "freqops_lockout": {**under_incident, "what": "api"},
        "freqops_move": {**under_incident, "state": "tidy"},
        "freqops_probe": {"images": ["registry.example.com/nothing"]},
        "freqops_reconcile": under_incident,
        "freqops_witness_contract": under_incident,
        "freqops_renew_repository": {
            "repository": "vault",
            "lost": "it burnt down",
            **{name: under_incident[name] for name in WHY},
        },
        "freqops_repositories": {"state": "reached", "repositories": ["vault"]},
        "freqops_restore": {**under_incident, "dump": "latest"},
        "freqops_restore_parts": {
            "only": "state",
            "repository": "vault",
            "snapshot": "latest",
            **{name: under_incident[name] for name in WHY},
        },
        "freqops_resume": under_incident,
        "freqops_databases": {"bots": {"alpha": "paper"}},
        "freqops_directories": {
            "below": str(home),
            "directories": [{"path": "made", "owner": os.getuid(), "group": os.getgid()}],
        },
        "freqops_files": {
            "below": str(home),
            "files": [{"path": "made", "content": "text", "owner": os.getuid(), "group": os.getgid()}],
        },
        "freqops_postgres": {"stale": False},
        "freqops_remove": {"stack": True, "root": str(home), "incident": "one", "reason": "done", "actor": "ann"},
        "freqops_retention": {name: under_incident[name] for name in WHY},
        "freqops_rollback": {"bot": "alpha", "reason": "done", "actor": "ann"},
        "freqops_schedule": {},
        "freqops_schedule_judge": {
            "jobs": [{"name": "one"}],
            "playbooks": {},
            "user": "root",
            "keep": 1,
            **dict.fromkeys(("project", "python", "inventory"), "/nowhere"),
        },
        "freqops_secrets": {
            "path": str(home / "conf/secrets.json"),
            "staged": str(home / "staged/secrets.json"),
            "owner": os.getuid(),
            "database": "alpha_paper",
        },
        "freqops_slot": {"kind": "backtest", "root": str(home)},
        "freqops_slot_info": {"root": str(home)},
        "freqops_switch": {"releases": {"alpha": "0" * 16}, "actor": "ann"},
        "freqops_units": {"absent": ["freqops-nothing.timer"], "directory": str(home)},
        "freqops_validate": {"image": "registry.example.com/nothing", "release": str(home), "packages": str(home)},
        "freqops_sshd": {"seconds": 60},
        "freqops_sudoers": {"seconds": 60},
        "freqops_sysctl": {"settings": {"net.ipv4.ip_forward": 0}},
        "freqops_zipapp": {"source": str(ROOT / "src/freqops"), "path": str(home / "freqops-host")},
    }
    return known[name]


Answers = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A directory for each module that runs."""
    return {name: tmp_path_factory.mktemp(name) for name in ON_HOSTS}


@pytest.fixture(scope="module")
def answers(bare: Bare, homes: dict[str, Path]) -> Answers:
    """What each module said, those that do something twice; one start of Ansible serves them all."""
    jobs = []
    lay_breaker(homes["freqops_slot"])
    for name in ON_HOSTS:
        (homes[name] / "validated").write_text(MARK)
        times = 1 if name in RUN_THE_TOOL or name in REFUSE else 2
        jobs += [(name, arguments(name, homes[name]))] * times
    found: Answers = {}
    for (name, _), answer in zip(jobs, bare.run_modules(jobs), strict=True):
        found.setdefault(name, []).append(answer)
    return found


@pytest.mark.parametrize("name", ON_HOSTS)
def test_a_module_runs_as_shipped(answers: Answers, name: str) -> None:
    first = answers[name][0]
    if name in RUN_THE_TOOL:  # no host stands behind this interpreter
        assert first["failed"] is True
        assert NO_TOOL in first["msg"]
        return
    if name in REFUSE:
        assert first["failed"] is True
        assert REFUSE[name] in first["msg"]
        return
    second = answers[name][1]
    assert (first["failed"], second["failed"]) == (False, False), (first, second)
    assert (first["changed"], second["changed"]) == (name not in ONLY_LOOK, False), (first, second)


@pytest.mark.usefixtures("answers")
def test_secrets_made_as_shipped_are_whole(homes: dict[str, Path]) -> None:
    document = json.loads((homes["freqops_secrets"] / "staged/secrets.json").read_text())
    assert set(document) == {"api_server", "db_url"}
    assert all(len(document["api_server"][key]) >= 32 for key in ("password", "jwt_secret_key", "ws_token"))
