"""Moving bots from a host to another: what is handed over, and what stands against it."""
