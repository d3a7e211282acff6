"""An incident from all its hosts at once: copied to the control node, and made one report.

Hosts are not trusted: the files of each go below a directory of their own, under plain names, or not at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.base.visible import page
from freqops.core.halt import holds
from freqops.core.incident.evidence import NO_INCIDENT, Evidence
from freqops.core.incident.report import report, summary
from freqops.fleet.fanout import Answer

from . import connections

DIRECTORY = Path(__file__).resolve().parents[3] / "incidents"
REPORT, SUMMARY, TRACES = "report.md", "summary.json", "errors.txt"
SIX_FIELDS, PAGE, SUMS = "incident.md", "report.html", "SHA256SUMS"
OURS = (REPORT, SUMMARY, TRACES, SIX_FIELDS, PAGE, SUMS)  # no host's directory has such a name
PATIENCE = 120.0
PLAIN_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
PLAIN_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}")
PRIVATE_FILE, PRIVATE_DIRECTORY = 0o600, 0o700


class _NotPlain(Exception):
    """A host gave something that is not the files of this incident."""


@dataclass(frozen=True)
class Copied:
    """The files that were copied.

    Attributes:
        report: The path of the report; there is none where no host has any file, now or from an earlier time.
        files: The number of files from each host.
        absent: Hosts that have no such incident.
        failed: A line for each host or file that could not be fetched.
        evidence: What is at hand of it, from now and from an earlier time.
    """

    report: Path
    files: dict[str, int]
    absent: list[str]
    failed: list[str]
    evidence: Evidence


def checked_id(text: object) -> str:
    """Return the id of an incident, or refuse what is none: it becomes the name of a directory."""
    if not isinstance(text, str) or not holds.INCIDENT.fullmatch(text):
        raise Refused(f"{text!r} is not an incident id; one is like 20260102T030405Z-halt1-9f3c21")
    return text


def copy_back(
    action: ActionBase, hostvars: Any, hosts: list[str], incident: str, directory: Path, seconds: float = PATIENCE
) -> tuple[Path, list[str]]:
    """Run `fetch`, and return the path of the report and the files that could not be fetched."""
    copied = fetch(action, hostvars, hosts, incident, directory, seconds)
    return copied.report, copied.failed


def keep_traces(traces: dict[str, str], incident: str, directory: Path) -> list[str]:
    """Write the tracebacks of unexpected errors into a file, and return a line with its path.

    Args:
        traces: The traceback of each such host.
        incident: The incident.
        directory: Where incidents lie on the control node.
    """
    path = directory / incident / TRACES
    lines = [line for host, text in traces.items() for line in (f"{host}:", *text.splitlines(), "")]
    try:
        directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        _directory(path.parent)
        durable.write_atomic(path, page(lines).encode(), PRIVATE_FILE)
    except OSError as error:
        return [f"NOT WRITTEN: the errors of {', '.join(traces)}: {error}"]
    return [f"unexpected errors: {path}"]


def fetch(
    action: ActionBase, hostvars: Any, hosts: list[str], incident: str, directory: Path, seconds: float = PATIENCE
) -> Copied:
    """Copy the files of ``incident`` from all ``hosts`` and write its report and its summary beside them.

    Files that were copied before are kept where a host gives nothing now, and stand in the report.

    Args:
        action: The action plugin that asks.
        hostvars: Ansible's variables of all hosts.
        hosts: The hosts to ask, by their names in the inventory.
        incident: The incident.
        directory: The directory of incidents on the control node; this one gets ``directory/<incident>``.
        seconds: The time for all of them together.

    Raises:
        Refused: ``incident`` is not the id of one.
    """
    found = _Fetched(checked_id(incident))
    for answer in connections.ask(
        action, hostvars, {host: ["incident", incident, "--json"] for host in hosts}, seconds
    ):
        found.take(answer)
    failed = [f"{host}: {why}" for host, why in found.unfetched.items()]
    failed += [f"{host}: {name} is too large to be copied whole" for host, names in found.cut.items() for name in names]
    if len(found.absent) == len(hosts):
        failed.append(f"no host has an incident {incident}; {'; '.join(f'{h}: {t}' for h, t in found.absent.items())}")
    home = directory / incident
    evidence = found.evidence(found.files)
    try:
        evidence = _write(home, found)
    except OSError as error:
        failed.append(f"the copy could not be written: {error}")
    count = {host: len(files) for host, files in found.files.items()}
    return Copied(home / REPORT, count, sorted(found.absent), failed, evidence)


class _Fetched:
    """The answers of the hosts."""

    def __init__(self, incident: str) -> None:
        self.incident = incident
        self.files: dict[str, dict[str, str]] = {}
        self.cut: dict[str, list[str]] = {}
        self.unfetched: dict[str, str] = {}
        self.absent: dict[str, str] = {}

    def take(self, answer: Answer) -> None:
        """Sort in the answer of one host."""
        document = answer.document if answer.error is None else None
        refused = str((document or {}).get("refused", ""))
        if refused.startswith(f"{NO_INCIDENT} "):
            self.absent[answer.host] = refused
        elif document is None or "files" not in document:
            said = refused or (document or {}).get("not_proven") or answer.error or "it gave no files"
            self.unfetched[answer.host] = str(said)
        else:
            try:
                files, cut = _checked(answer.host, document, self.incident)
            except _NotPlain as error:
                self.unfetched[answer.host] = str(error)
            else:
                self.files[answer.host] = files
                if cut:
                    self.cut[answer.host] = cut

    def evidence(self, copied: dict[str, dict[str, str]]) -> Evidence:
        """Return all that is at hand: ``copied``, the files on the control node, and what hosts said of the rest."""
        absent: dict[str, dict[str, str]] = {host: {} for host in self.absent}
        return Evidence(self.incident, {**absent, **copied}, self.unfetched, self.cut)


def _checked(host: str, document: dict[str, Any], incident: str) -> tuple[dict[str, str], list[str]]:
    """Return files and the names of those that are cut, or raise `_NotPlain`."""
    files, cut = document["files"], document.get("truncated", [])
    if document.get("incident") != incident:
        raise _NotPlain("it answered for another incident")
    if not PLAIN_HOST.fullmatch(host) or host in OURS:
        raise _NotPlain("its name in the inventory is no plain name for a directory")
    if not isinstance(files, dict) or not isinstance(cut, list):
        raise _NotPlain("its answer has no files")
    if not files:
        raise _NotPlain("it has the incident, and no file of it")
    for name, text in files.items():
        if not PLAIN_FILE.fullmatch(name):
            raise _NotPlain(f"it gave a file whose name is not plain: {name!r:.80}")
        if not isinstance(text, str):
            raise _NotPlain(f"the content of {name} is not text")
    return files, [name for name in files if name in cut]


def _write(home: Path, found: _Fetched) -> Evidence:
    """Write the files that came, then summary and report of everything at hand, and return that."""
    if found.files:
        home.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        _directory(home)
    for host, files in found.files.items():
        _directory(home / host)
        for name, text in files.items():
            _keep(home / host / name, text, cut=name in found.cut.get(host, []))
    evidence = found.evidence(copied_files(home))
    if any(evidence.files.values()):
        durable.write_json(home / SUMMARY, summary(evidence), PRIVATE_FILE)
        durable.write_atomic(home / REPORT, report(evidence).encode(errors="replace"), PRIVATE_FILE)
    return evidence


def _directory(path: Path) -> None:
    path.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    path.chmod(PRIVATE_DIRECTORY)


def _keep(path: Path, text: str, *, cut: bool) -> None:
    """Write one file; the beginning of a file does not replace more of it that was copied before."""
    data = text.encode(errors="replace")
    if cut and path.is_file() and path.stat().st_size > len(data):
        return
    durable.write_atomic(path, data, PRIVATE_FILE)


def copied_files(home: Path) -> dict[str, dict[str, str]]:
    """Return the files that lie on the control node, for each host."""
    if not home.is_dir():
        return {}
    return {
        host.name: {
            file.name: file.read_text(errors="replace")
            for file in sorted(host.iterdir())
            if file.is_file() and PLAIN_FILE.fullmatch(file.name)
        }
        for host in sorted(home.iterdir())
        if host.is_dir()
    }
