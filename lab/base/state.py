"""The state that one `lab` command leaves for the next: subnet, published ports, privileges, image references."""

import json
from dataclasses import asdict, dataclass, field

from lab.base.atomic import write_atomically
from lab.base.failure import LabError
from lab.base.paths import STATE


@dataclass
class State:
    """Everything in `.lab/state.json`.

    Attributes:
        ports: the published port of each part.
        images: how a host names each image.
        privileges: the rights with which hosts boot here.
        hosts: the hosts that this lab has, None for all.
    """

    ports: dict[str, int] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    privileges: str = ""
    hosts: list[str] | None = None

    def save(self) -> None:
        """Write the file, whole or not at all."""
        write_atomically(STATE, json.dumps(asdict(self), indent=2) + "\n")


def load() -> State:
    """Read the state, empty when the lab was never up.

    Raises:
        LabError: the file is there but is not ours.
    """
    if not STATE.exists():
        return State()
    try:
        return State(**json.loads(STATE.read_text(encoding="utf-8")))
    except (json.JSONDecodeError, TypeError) as error:
        raise LabError(f"{STATE} cannot be read ({error}); run `python -m lab down`, then `up`") from error
