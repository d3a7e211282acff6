"""Runs in the image: what validate_release.py says to each release below /releases, Freqtrade imported only once."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

RELEASES = Path("/releases")


def _loaded(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location("validate_release", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _judge(validator: Any, release: Path, output: Path) -> int:
    """Judge one release in a process of its own and return its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    stream = os.open(output, os.O_WRONLY | os.O_CREAT)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    validator.place.RELEASE = release
    sys.argv = ["validate_release.py", *(release / "arguments").read_text().split()]
    status = validator.main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def main() -> None:
    """Print one JSON object: exit status and output for each release."""
    verdicts = {}
    for release in sorted(RELEASES.glob("*/release")):
        sys.path[:1] = [str(release)]  # all have the same package of the validator, as the program itself would find it
        validator = _loaded(release / "validate_release.py")
        output = Path("/tmp") / release.parent.name  # noqa: S108  the container's own
        status = _judge(validator, release, output)
        verdicts[release.parent.name] = (status, output.read_text())
    sys.stdout.write(json.dumps(verdicts) + "\n")


if __name__ == "__main__":
    main()
