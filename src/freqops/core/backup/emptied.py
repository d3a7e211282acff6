"""The losses of a database since its last dump: a dump without rows does not count where rows were."""

from __future__ import annotations

from ..bot.database_contents import Recorded
from .manifest import Manifest

TRADES = ("", "trades")
OF_TRADES = (TRADES, ("", "orders"))


def emptied(before: Manifest | None, now: Recorded) -> list[str]:
    """Return the losses since the last dump of the same database, a line each.

    Pair locks, orders and the like may go one by one. Trades never do once one of them has bought anything, and no
    table goes, as long as the image is the same.

    Args:
        before: That dump; None where there is none.
        now: What the database holds.
    """
    if before is None:
        return []
    held = {key: table.rows for key, (_, table) in before.contents.tables.items() if table.rows}
    left = {key: table.rows for key, (_, table) in now.tables.items()}
    stays = {key for key in held if before.lasting or key not in OF_TRADES}
    if stays and not any(left.values()):
        return ["it is empty"]
    gone = [f"table {'.'.join(part for part in key if part)}: it is gone, with {rows} rows"
            for key, rows in sorted(held.items()) if key not in left]  # fmt: skip
    if TRADES in stays and left.get(TRADES) == 0:
        gone.append(f"table trades: it is empty, and had {held[TRADES]} rows")
    return gone
