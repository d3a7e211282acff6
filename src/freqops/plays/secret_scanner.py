"""The scanner of secrets, detect-secrets, fed with single lines. It asks nobody, and no comment excuses a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from detect_secrets.filters import heuristic
from detect_secrets.settings import default_settings, get_plugins

LEFT_OUT = ("IPPublicDetector",)  # an address is no secret
# A long word as the value of a key, without the quotes by which the scanner knows a text.
BARE = re.compile(r"((?:[:,\[{]|-)[ \t]+|=[ \t]*)([A-Za-z0-9+/=_\-]{20,})(?=[\s,}\]]|$)")
VAULTED = re.compile(r":[ \t]+!vault[ \t]*\|[-+0-9]*[ \t]*$")
SEALED = re.compile(r"ENC\[AES256_GCM,data:[^\]]*\]")
EMPTY_SUFFIX = ".example"


class Scanner:
    """All detectors of detect-secrets; `scanner` makes one."""

    def __init__(self) -> None:
        self._plugins = [each for each in get_plugins() if type(each).__name__ not in LEFT_OUT]

    def kinds(self, path: str, line: str) -> set[str]:
        """Return the kinds of secrets in a line of a file, none of which is ever told."""
        if VAULTED.search(line):
            return set()
        line = SEALED.sub("", line)
        name = PurePosixPath(path).name
        quoted = BARE.sub(r'\1"\2"', line)
        return {kind for text in {line, quoted} for kind in self._found(name.removesuffix(EMPTY_SUFFIX), text)}

    def _found(self, name: str, line: str) -> Iterator[str]:
        for plugin in self._plugins:
            for found in plugin.analyze_line(filename=name, line=line):
                secret = found.secret_value or ""
                if not _is_none(secret, line):
                    yield str(found.type)


def _is_none(secret: str, line: str) -> bool:
    """Return whether detect-secrets itself would say that a secret is none: a template, a sequence, a call."""
    return (
        heuristic.is_templated_secret(secret)
        or heuristic.is_sequential_string(secret)
        or heuristic.is_potential_uuid(secret)
        or heuristic.is_not_alphanumeric_string(secret)
        or heuristic.is_indirect_reference(line)
    )


@contextmanager
def scanner() -> Iterator[Scanner]:
    """Give a scanner; detect-secrets keeps its settings in one place for the whole process."""
    with default_settings():
        yield Scanner()
