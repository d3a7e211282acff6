"""The guard of a host, and the bots that follow its breaker files."""
