"""`lab reset HOST`: a bare host in seconds, at the same address and port."""

from lab.base import state
from lab.base.failure import LabError
from lab.engine import engine, network
from lab.hosts import boot, inventory
from lab.hosts.roster import host_spec
from lab.images import base_image, images_wanted
from lab.services import accounts


def reset(name: str, *, keep_accounts: bool = False) -> None:
    """Make one host again from the host image, record its new key, and begin again with its bots' accounts.

    Args:
        name: The host.
        keep_accounts: Whether what its bots have at the exchange stays, as after a fire.

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
    place = boot.Place(client, image, net, client.info()["CgroupVersion"])
    boot.bring_up(place, known, discarded=[spec])
    known.save()
    if not keep_accounts:
        accounts.reset(name, inventory.read_fleet())
