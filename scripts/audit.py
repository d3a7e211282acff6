# SPDX-License-Identifier: GPL-3.0-or-later
"""Look up every package of uv.lock among the known vulnerabilities, and say how many were really looked up.

A package that the audit skipped, or never answered about, counts as a failure: an audit of nothing must not look like
an audit that found nothing. Run it as `python -m scripts.audit`; it needs the network.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
EXPORT = ("export", "--quiet", "--frozen", "--all-groups", "--no-emit-project", "--no-header", "--no-annotate")
AUDIT = ("--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json", "--requirement")


def locked(export: str) -> set[str]:
    """Return the names of the packages in an export of the lock that this platform installs."""
    lines = export.replace("\\\n", " ").splitlines()
    texts = [line.partition(" --hash=")[0].strip() for line in lines]
    requirements = [Requirement(text) for text in texts if text and not text.startswith("#")]
    wanted = [item for item in requirements if item.marker is None or item.marker.evaluate()]
    return {canonicalize_name(item.name) for item in wanted}


def judge(answer: dict[str, Any], wanted: set[str]) -> tuple[int, list[str]]:
    """Return how many packages of ``wanted`` were looked up, and everything that is wrong, a line each.

    Args:
        answer: What pip-audit says as JSON.
        wanted: The packages that it should have looked up.
    """
    entries = {canonicalize_name(entry["name"]): entry for entry in answer["dependencies"]}
    audited = {name for name, entry in entries.items() if name in wanted and "vulns" in entry}
    wrong = [f"{name} was not audited: {_why(entries, name)}" for name in sorted(wanted - audited)]
    if not wanted:
        wrong.append("the lock names no package at all")
    for name, entry in sorted(entries.items()):
        for found in entry.get("vulns", []):
            fixed = ", ".join(found["fix_versions"]) or "nothing yet"
            wrong.append(f"{name} {entry['version']} has {found['id']}, fixed by {fixed}")
    return len(audited), wrong


def _why(entries: Mapping[Any, Any], name: str) -> str:
    return str(entries.get(name, {}).get("skip_reason", "no answer"))


def main() -> int:
    """Audit, print the number, and end with 0 only if all were looked up and none is known to be vulnerable."""
    export = subprocess.run([str(BIN / "uv"), *EXPORT], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    with tempfile.TemporaryDirectory() as directory:
        requirements = Path(directory) / "requirements.txt"
        requirements.write_text(export)
        asked = [str(BIN / "pip-audit"), *AUDIT, str(requirements)]
        ran = subprocess.run(asked, capture_output=True, text=True, check=False)
    wanted = locked(export)
    try:
        audited, wrong = judge(json.loads(ran.stdout), wanted)
    except ValueError:
        audited, wrong = 0, [f"pip-audit gave no answer: {ran.stderr.strip()[-500:]}"]
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    sys.stdout.write(f"{audited} of {len(wanted)} packages audited\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
