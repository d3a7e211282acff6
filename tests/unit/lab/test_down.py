"""What is taken away, of several labs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab import down
from lab.base.names import LABEL, checkout_id, labels, name_of, shared_name_of
from lab.engine import engine as engines
from lab.engine import engine_process
from lab.hosts import volumes

OTHER = "f" * 8


class Thing:
    """A container, volume or network; it notes that it was removed."""

    def __init__(self, name: str, labels_: dict[str, str], gone: list[str]) -> None:
        self.name, self.labels, self._gone = name, labels_, gone
        self.attrs: Any = {"Labels": labels_, "NetworkSettings": {"Networks": {name_of("net"): {}}}}

    def remove(self, **_: Any) -> None:
        """Be gone."""
        self._gone.append(self.name)

    def disconnect(self, container: Thing, **_: Any) -> None:
        """Let a container go."""
        self._gone.append(f"{container.name} from {self.name}")


class Engine:
    """An engine with two labs of this checkout, the registry, and the lab of another checkout."""

    def __init__(self) -> None:
        self.gone: list[str] = []
        containers = [
            self._thing(name_of("exchange")),
            self._thing(shared_name_of("registry")),
            self._thing(name_of("exchange", lab="lab-live"), "lab-live"),
            Thing("stranger", {LABEL: f"{OTHER}-lab-live"}, self.gone),
        ]
        networks = [self._thing(name_of("net")), self._thing(name_of("net", lab="lab-live"), "lab-live")]
        self.containers, self.volumes, self.networks = self._place(containers), self._place([]), self._place(networks)

    def _thing(self, name: str, lab: str = "lab") -> Thing:
        return Thing(name, labels(lab=lab), self.gone)

    @staticmethod
    def _place(things: list[Thing]) -> Any:
        class Place:
            def list(self, filters: dict[str, str], **_: Any) -> list[Thing]:
                key, *value = filters["label"].split("=")
                return [thing for thing in things if key in thing.labels and value in ([], [thing.labels[key]])]

            def get(self, name: str) -> Thing:
                return next(thing for thing in things if thing.name == name)

        return Place()


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Let the labs be those of an engine that only notes what is done."""
    made = Engine()
    for name in ("connect", "connected"):
        monkeypatch.setattr(engines, name, lambda: made)
    monkeypatch.setattr(volumes, "sweep_in_background", lambda: made.gone.append("disks of hosts"))
    monkeypatch.setattr(engine_process, "was_ours", lambda: False)
    monkeypatch.setattr(down, "ROOT", tmp_path)
    for name in (".lab", ".lab-live", "inventories/lab", "inventories/lab-live", "inventories/example"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(down, "STATE_DIR", tmp_path / ".lab")
    monkeypatch.setattr(down, "INVENTORY", tmp_path / "inventories/lab")
    return made


def left(root: Path) -> list[str]:
    """Return which directories are left."""
    return sorted(path.name for place in (root, root / "inventories") for path in place.iterdir())


def test_one_lab_goes_and_leaves_the_others_and_the_registry(engine: Engine, tmp_path: Path) -> None:
    down.down_one()
    registry, net = shared_name_of("registry"), name_of("net")
    assert engine.gone == [name_of("exchange"), f"{registry} from {net}", net, "disks of hosts"]
    assert left(tmp_path) == [".lab-live", "example", "inventories", "lab-live"]


def test_all_labs_of_this_checkout_go_and_no_other(engine: Engine, tmp_path: Path) -> None:
    down.down()
    assert "stranger" not in engine.gone
    assert len(engine.gone) == 5
    assert all(checkout_id() in name for name in engine.gone)
    assert left(tmp_path) == ["example", "inventories"]
