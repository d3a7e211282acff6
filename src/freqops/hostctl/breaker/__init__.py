"""The operator breaker on a host: the one writer of its files, and the proof that the bots follow them."""
