"""Refusals in Binance's words: HTTP status, code, message."""

from __future__ import annotations


class BinanceError(Exception):
    """A request that is refused the way Binance refuses it."""

    def __init__(self, code: int, msg: str, status: int = 400) -> None:
        super().__init__(f"{code} {msg}")
        self.status = status
        self.code = code
        self.msg = msg

    def body(self) -> dict[str, object]:
        """Return the answer's body."""
        return {"code": self.code, "msg": self.msg}


def no_such_path(path: str, method: str) -> BinanceError:
    """Refuse a path that this exchange does not have."""
    return BinanceError(-5000, f"Path {path}, Method {method} is invalid", 404)


def missing(name: str) -> BinanceError:
    """Refuse a request that lacks a parameter."""
    return BinanceError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def neither_sent(name: str, other: str) -> BinanceError:
    """Refuse a request that lacks both of two parameters."""
    return BinanceError(-1102, f"Param '{name}' or '{other}' must be sent, but both were empty/null!")


def superfluous(name: str) -> BinanceError:
    """Refuse a parameter that does not go with the others."""
    return BinanceError(-1106, f"Parameter '{name}' sent when not required.")


def illegal(name: str, legal: str) -> BinanceError:
    """Refuse a parameter that is not even a number."""
    return BinanceError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def too_precise(name: str) -> BinanceError:
    """Refuse a number with more than eight decimals."""
    return BinanceError(-1111, f"Parameter '{name}' has too much precision.")


def bad_symbol() -> BinanceError:
    """Refuse a pair that is not traded here."""
    return BinanceError(-1121, "Invalid symbol.")


def bad_interval() -> BinanceError:
    """Refuse a candle length that does not exist."""
    return BinanceError(-1120, "Invalid interval.")


def bad_value(name: str) -> BinanceError:
    """Refuse a parameter whose value makes no sense."""
    return BinanceError(-1130, f"Data sent for parameter '{name}' is not valid.")


def filter_failure(name: str) -> BinanceError:
    """Refuse an order that a filter of the pair forbids."""
    return BinanceError(-1013, f"Filter failure: {name}")


def rejected(msg: str) -> BinanceError:
    """Refuse a new order."""
    return BinanceError(-2010, msg)


def too_many(name: str) -> BinanceError:
    """Refuse an order that would be one too many; unlike the other filters, this one is the matching engine's."""
    return rejected(f"Filter failure: {name}")


def would_trigger() -> BinanceError:
    """Refuse a stop that the last price has passed already."""
    return rejected("Stop price would trigger immediately.")


def insufficient() -> BinanceError:
    """Refuse an order that the account cannot pay."""
    return rejected("Account has insufficient balance for requested action.")


def unknown_order_sent() -> BinanceError:
    """Refuse to cancel an order that is not open."""
    return BinanceError(-2011, "Unknown order sent.")


def no_such_order() -> BinanceError:
    """Refuse to show an order that never was."""
    return BinanceError(-2013, "Order does not exist.")


def bad_key_format() -> BinanceError:
    """Refuse a missing or misshapen API key."""
    return BinanceError(-2014, "API-key format invalid.", 401)


def not_permitted() -> BinanceError:
    """Refuse a key that is unknown, comes from the wrong address or may not do this."""
    return BinanceError(-2015, "Invalid API-key, IP, or permissions for action.", 401)


def bad_signature() -> BinanceError:
    """Refuse a signature that does not match."""
    return BinanceError(-1022, "Signature for this request is not valid.")


def lost_answer() -> BinanceError:
    """Return the error that the result of a request is not known."""
    return BinanceError(
        -1006, "An unexpected response was received from the message bus. Execution status unknown.", 500
    )


def too_late() -> BinanceError:
    """Refuse a request that was signed too long ago."""
    return BinanceError(-1021, "Timestamp for this request is outside of the recvWindow.")


def too_early() -> BinanceError:
    """Refuse a request that was signed in the future."""
    return BinanceError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
