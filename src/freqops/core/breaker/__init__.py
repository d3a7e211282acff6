"""The operator breaker: the file that is its switch, and what follows from what stands in it."""
