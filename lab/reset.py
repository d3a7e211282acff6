"""`lab reset HOST`: a bare host in seconds, at the same address and port."""

from lab import accounts, base_image, engine, host_boot, images_wanted, inventory, network, state
from lab.failure import LabError
from lab.roster import host_spec


def reset(name: str) -> None:
    """Make one host anew from the host image, record its new key, and begin anew with its bots' accounts.

    Raises:
        LabError: the lab is not up.
    """
    spec = host_spec(name)
    client = engine.connected()
    net = network.find(client)
    known = state.load()
    if net is None or name not in known.ports:
        raise LabError("the lab is not up; run `python -m lab up`")
    image = images_wanted.built(client, "host", base_image.ensure(client))
    place = host_boot.Place(client, image, net, client.info()["CgroupVersion"])
    host_boot.bring_up(place, known, discarded=[spec])
    known.save()
    accounts.reset(name, inventory.read_fleet())
