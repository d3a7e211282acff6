"""The lab's hosts. A new host gets a new number: its address depends on it."""

from collections.abc import Iterable
from dataclasses import dataclass

from lab.base.failure import LabError

GROUPS = ("paper", "prod", "research", "monitoring")
FIRST_HOST_ADDRESS = 10


@dataclass(frozen=True)
class HostSpec:
    """One lab host: its inventory name, a number that never changes, and its inventory groups."""

    name: str
    number: int
    groups: tuple[str, ...]

    @property
    def address_number(self) -> int:
        """The last number of the host's address in the lab's /24."""
        return FIRST_HOST_ADDRESS + self.number


HOSTS = (
    HostSpec("paper-1", number=1, groups=("paper",)),
    HostSpec("prod-1", number=2, groups=("prod",)),
)


def host_spec(name: str) -> HostSpec:
    """Return the host called `name`.

    Raises:
        LabError: there is no such host.
    """
    for spec in HOSTS:
        if spec.name == name:
            return spec
    raise LabError(f"no lab host is called {name!r}; there are: {', '.join(spec.name for spec in HOSTS)}")


def chosen(names: Iterable[str] | None) -> tuple[HostSpec, ...]:
    """Return the hosts called `names`, all where none are named.

    Raises:
        LabError: there is no such host.
    """
    return HOSTS if names is None else tuple(host_spec(name) for name in names)
