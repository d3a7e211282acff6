"""Every setting of a host and of a bot, none of them its default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.field import ROOT
from tests.support.patience import GIVE_UP

LEVELS = b"\xff\0\r\nno text\n"
PACKAGES = ROOT / "roles/freqtrade/files/packages.txt"


def values(place: Path) -> dict[str, Any]:
    """Return a value for every variable of every role, none of them its default."""
    packages = place / "packages.txt"
    packages.write_text("# another lock\n" + PACKAGES.read_text())
    return {
        "host_operators": ["ops"],
        "host_halt_keys": [
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5vIGtleSBvZiBhbnlib2R5LCBhbmQgb2Ygbm8gbGVuZ3Ro nobody"
        ],
        "host_halt_level": 2,
        "host_left_alone": [{"project": "/opt/later/docker-compose.yml", "reason": "adopted later"}],
        "host_reassert_seconds": 4,
        "host_keep_log_days": 90,
        "host_keep_run_days": 90,
        "host_keep_runs": 50,
        "host_keep_incident_days": 90,
        "host_keep_removed_dump_days": 90,
        "host_keep_releases": 4,
        "host_clock_tolerance": 9,
        "host_memory_reserve": "256m",
        "host_disk_reserve": "2g",
        "host_firewall": False,
        "host_ssh_ports": [22, 2222],
        "host_open_ports": [{"port": 8899}],
        "host_confirm_seconds": 90,
        "host_sshd": False,
        "host_sysctl": {"net.ipv4.tcp_fin_timeout": 40},
        "host_time_service": False,
        "host_deadman_minutes": 90,
        "host_risk_max_concurrent_backtests": 2,
        "host_risk_concurrency_ttl_sec": 600,
        "host_risk_max_backtest_drawdown": 0.3,
        "host_risk_backtest_drawdown_runs": 2,
        "backup_repositories": [{"name": "other", "url": "/srv/freqops/backup/other", "keep_least": 5}],
        "backup_environments": {"other": {"A_SETTING": "of the place"}},
        "backup_at": "04:30",
        "docker_source": "distribution",
        "docker_repository": "https://mirror.example.com/docker",
        "secrets_no_log": False,
        "postgres_memory": "384m",
        "postgres_connections": 30,
        "freqtrade_known_keys": ["my_own_key"],
        "freqtrade_memory": "768m",
        "freqtrade_bots_per_address": {"binance": 2},
        "freqtrade_packages": str(packages),
        "freqtrade_python": "3.13.1",
        "freqtrade_start_deadline": GIVE_UP,
    }


def bots(place: Path, image: str) -> list[dict[str, Any]]:
    """Return two bots that have every setting of a bot between them."""
    strategies = place / "strategies"
    strategies.mkdir(exist_ok=True)
    source = (ROOT / "strategies/MaCrossoverStrategy.py").read_text()
    imported = "from freqops.strategy import EntryGate\n"
    assert source.count(imported) == 1
    source = source.replace(imported, f"{imported}from helpers.names import NAME\n\nassert NAME == 'other'\n")
    (strategies / "OtherStrategy.py").write_text(source.replace("class MaCrossoverStrategy", "class OtherStrategy"))
    for name, content in {"strategies/helpers/names.py": b"NAME = 'other'\n", "read/deep/levels.bin": LEVELS}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return [
        {
            "name": "omega",
            "mode": "paper",
            "api_port": 9001,
            "strategy": "OtherStrategy",
            "strategy_dir": str(strategies),
            "user_files": str(place / "read"),
            "freqtrade_image": image,
            "database": "sqlite",
            "initial_state": "stopped",
            "memory": "640m",
            "foreign_holdings": {"BNB": "0.5"},
            "foreign_orders": ["17"],
            "stoploss_waiver": "it trades on paper",
            "breaker_resume": "person",
            "risk_live_max_concurrent_trades": 2,
            "risk_live_max_per_market_exposure": 0.5,
            "config": {"max_open_trades": 2},
        },
        {"name": "psi", "mode": "paper", "api_port": 9002, "strategy": "MaCrossoverStrategy"},
    ]
