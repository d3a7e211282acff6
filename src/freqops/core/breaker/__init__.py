"""The operator breaker: the file that is its switch, and the effects of its content."""
