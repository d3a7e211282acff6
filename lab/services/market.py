"""The container of the lab's exchange."""

from docker import DockerClient
from docker.models.networks import Network

from lab.base import http
from lab.base.names import name_of
from lab.engine import network, service
from lab.engine.container_spec import ContainerSpec
from lab.engine.ports import LOOPBACK
from lab.exchange.store import SCHEMA_VERSION

PORT = 8080
# A new schema begins a new file in the same volume: an old state cannot keep the lab from starting.
STATE = f"/var/lib/exchange/exchange-v{SCHEMA_VERSION}.sqlite"


def ensure(client: DockerClient, image: str, net: Network, port: int) -> None:
    """Bring the exchange to answering; its orders and balances survive in a volume."""
    spec = ContainerSpec(
        name=name_of("exchange"),
        image=image,
        hostname="exchange",
        network=str(net.name),
        address=str(network.address(net, network.EXCHANGE_ADDRESS)),
        ports={PORT: port},
        volumes={name_of("exchange"): "/var/lib/exchange"},
        command=("--listen", "0.0.0.0", "--port", str(PORT), "--state", STATE),  # noqa: S104 - inside its container
        host_config={"CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"]},
    )
    service.ensure(client, "exchange", spec, net, lambda: _answers(port))


def url(net: Network) -> str:
    """Return where the bots find the exchange."""
    return f"http://{network.address(net, network.EXCHANGE_ADDRESS)}:{PORT}"


def local_url(port: int) -> str:
    """Return where the control machine finds the exchange."""
    return f"http://{LOOPBACK}:{port}"


def _answers(port: int) -> bool:
    answer = http.ask(f"{local_url(port)}/api/v3/ping")
    return answer is not None and answer.status == 200 and answer.body.strip() == b"{}"
