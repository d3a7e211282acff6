"""What a host in order says when its security is checked: a key, passwords, a container, apt, chrony and the kernel."""

from __future__ import annotations

import socket
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LONG = "pM3x_9QwErTzUiOp-aSdFgH"
DIGEST = "registry.example/freqtrade@sha256:" + "a" * 64
TRACKING = "C0248F97,ntp.example,3,1780000000.1,0.000012,0.00001,0.00002,-7.1,0.0,0.01,0.020,0.005,64.2,Normal"
NO_UPDATES = "Reading package lists...\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def key_fields(now: datetime = NOW, **changed: Any) -> dict[str, Any]:
    """Return what Binance says of a key that reads and trades from here; a value of ... is left out."""
    fields = {
        "ipRestrict": True, "createTime": int((now - timedelta(days=10)).timestamp() * 1000), "enableReading": True,
        "enableSpotAndMarginTrading": True, "enableWithdrawals": False, "enableInternalTransfer": False,
        "enableMargin": False, "enableFutures": False, "permitsUniversalTransfer": False, "enableVanillaOptions": False,
        "enableFixApiTrade": False, "enableFixReadOnly": True, "enablePortfolioMarginTrading": False, **changed,
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value is not ...}


def secrets(**changed: Any) -> dict[str, Any]:
    """Return the file of secrets of a bot; what is changed is of its API."""
    api = {"username": "freqops", "password": LONG, "jwt_secret_key": f"{LONG}j", "ws_token": f"{LONG}w", **changed}
    return {"api_server": api, "db_url": f"postgresql+psycopg2://alpha:{LONG}d@postgres:5432/alpha"}


def container(image: str = DIGEST, **changed: Any) -> dict[str, Any]:
    """Return a container as the engine describes it."""
    return {"Name": "/freqops-alpha", "Config": {"Image": image}, "Image": "sha256:1", **changed}


def socket_line(address: str, port: int, state: str = "0A") -> str:
    """Return a line of the kernel's table of sockets."""
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    return f"   0: {''.join(f'{word:08X}' for word in words)}:{port:04X} 00000000:0000 {state} 0:0 0:0 0 0 0 1\n"
