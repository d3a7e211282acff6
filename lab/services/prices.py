"""The market as a whole, set by a test or the demo."""

from lab.services.control import control


def all_pairs(percent_per_minute: float, minutes: int = 120, jump: float = 1.0) -> None:
    """Let every price jump by a factor, and from there rise, or fall, steadily."""
    scripts = {}
    for symbol, price in control("GET", "/status")["prices"].items():
        start = float(price) * jump
        end = start * (1 + percent_per_minute / 100 * minutes)
        points = [[0, round(start, 4)], [minutes * 60, round(end, 4)]]
        scripts[symbol] = {"points": points, "mode": "linear"}
    control("PUT", "/scripts", scripts)
