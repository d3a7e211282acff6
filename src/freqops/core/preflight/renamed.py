"""Variables that freqops called otherwise once: an old name is never silently ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .declared import nearest
from .refusal import Refusal

OURS = ("host_", "docker_", "secrets_", "postgres_", "freqtrade_", "backup_")
OF_THE_RUNBOOK = "RISK_"  # judged by `runs.declared_risk`
OF_KEEPERS = "repositories_"  # plays make others that begin so
PREFIXES = (*OURS, OF_THE_RUNBOOK, OF_KEEPERS)
RENAMED: dict[str, str] = {}  # old name: new name; nothing was renamed so far


def unknown_names(
    host: str, variables: Mapping[str, Any], known: Mapping[str, Any], renamed: Mapping[str, str]
) -> Iterator[Refusal]:
    """Yield a refusal for each variable of a host that has a prefix of ours and that no role declares."""
    for name in sorted(variables):
        if name in known or not name.startswith(OURS):
            continue
        if name in renamed:
            yield Refusal(host, f"{name} is the old name of {renamed[name]}", "rename it", paths=((name,),))
        else:
            mine = [other for other in known if other.startswith(name.split("_", 1)[0] + "_")]
            yield Refusal(host, f"{name} is no variable of any role", nearest(name, mine or known), paths=((name,),))
