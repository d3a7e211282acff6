"""The operator breaker on a host: the writer of its files, the guard that follows them, and the proof."""
