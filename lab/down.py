"""`lab down`: nothing stays but the images."""

import shutil

from docker import DockerClient
from docker.errors import NotFound
from docker.models.volumes import Volume

from lab import console, containers, engine, engine_process
from lab.names import IMAGE_PREFIX, LABEL, label_filter
from lab.paths import INVENTORY, STATE, STATE_DIR


def down() -> None:
    """Remove all of this checkout's lab, and stop the engine if a lab started it and nobody else uses it."""
    client = engine.connect()
    if client is None and (STATE.exists() or engine_process.was_ours()):
        client = engine.ensure()  # only a running engine can remove what a dead one left
    if client is not None:
        with console.step("remove containers, volumes and network") as note:
            _remove_all(client, note)
        _stop_engine(client)
    for directory in (INVENTORY, STATE_DIR):
        if directory.exists():
            shutil.rmtree(directory)
    console.say("down; only images are left")


def _remove_all(client: DockerClient, note: console.Note) -> None:
    for container in client.containers.list(all=True, filters=label_filter(), ignore_removed=True):
        note(str(container.name))
        containers.remove(container)
    for volume in client.volumes.list(filters=label_filter()):
        note(volume.name)
        _remove_volume(volume)
    for network in client.networks.list(filters=label_filter()):
        network.remove()


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
    """Remove what builds left behind that ended with their engine; nobody builds now, or the engine would go on."""
    for repository in (f"{IMAGE_PREFIX}/debian", f"{IMAGE_PREFIX}/base"):
        for image in client.images.list(repository):
            for container in client.containers.list(all=True, filters={"ancestor": str(image.id), "status": "exited"}):
                if LABEL not in container.labels:
                    containers.remove(container)
