"""`lab down`: nothing stays but the images."""

import shutil

from docker import DockerClient
from docker.errors import NotFound
from docker.models.volumes import Volume

from lab.base import console
from lab.base.names import HOST_LABEL, IMAGE_PREFIX, LABEL, is_of_checkout, label_filter, shared_name_of
from lab.base.paths import DEFAULT, INVENTORY, ROOT, STATE_DIR
from lab.engine import containers, engine, engine_process, network
from lab.hosts import volumes
from lab.services import registry


def down() -> None:
    """Remove all labs of this checkout, and stop the engine if a lab started it and nothing else uses it."""
    client = engine.connect()
    ours = [*ROOT.glob(f".{DEFAULT}"), *ROOT.glob(f".{DEFAULT}-*")]
    if client is None and (ours or engine_process.was_ours()):
        client = engine.ensure()  # only a running engine can remove what a dead one left
    if client is not None:
        with console.step("remove containers, volumes and networks") as note:
            _remove_all(client, note)
        _stop_engine(client)
    inventories = ROOT / "inventories"
    for directory in (*ours, *inventories.glob(DEFAULT), *inventories.glob(f"{DEFAULT}-*")):
        shutil.rmtree(directory)
    console.say("down; only images are left")


def down_one() -> None:
    """Remove this lab and leave the other ones of its checkout, and the registry that they share.

    The disks of its hosts are deleted at leisure.
    """
    client = engine.connected()
    with console.step("remove this lab") as note:
        for container in client.containers.list(all=True, filters=label_filter(), ignore_removed=True):
            if container.name != shared_name_of("registry"):
                note(str(container.name))
                containers.remove(container, keep_volumes=True)
        for volume in client.volumes.list(filters=label_filter()):
            if volume.name != shared_name_of("registry") and HOST_LABEL not in volume.attrs["Labels"]:
                _remove_volume(volume)
        net = network.find(client)
        if net is not None:
            registry.leave(client, net)
            net.remove()
    volumes.sweep_in_background()
    for directory in (INVENTORY, STATE_DIR):
        if directory.exists():
            shutil.rmtree(directory)


def _remove_all(client: DockerClient, note: console.Note) -> None:
    for container in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True):
        if is_of_checkout(container.labels):
            note(str(container.name))
            containers.remove(container)
    for volume in client.volumes.list(filters={"label": LABEL}):
        if is_of_checkout(volume.attrs["Labels"]):
            note(volume.name)
            _remove_volume(volume)
    for net in client.networks.list(filters={"label": LABEL}):
        if is_of_checkout(net.attrs["Labels"]):
            net.remove()


def _remove_volume(volume: Volume) -> None:
    try:
        volume.remove()
    except NotFound:  # a sweeper was faster
        return


def _stop_engine(client: DockerClient) -> None:
    if not engine_process.was_ours():
        return
    with engine_process.alone():
        others = [str(container.name) for container in client.containers.list(ignore_removed=True)]
        if others:
            console.say(f"the engine goes on for other containers: {', '.join(others)}")
            return
        with console.step("stop the engine"):
            _remove_broken_builds(client)
            client.close()
            engine_process.stop()


def _remove_broken_builds(client: DockerClient) -> None:
    """Remove the remains of builds that ended with their engine; none runs now, or the engine would go on."""
    for repository in (f"{IMAGE_PREFIX}/debian", f"{IMAGE_PREFIX}/base"):
        for image in client.images.list(repository):
            for container in client.containers.list(all=True, filters={"ancestor": str(image.id), "status": "exited"}):
                if LABEL not in container.labels:
                    containers.remove(container)
