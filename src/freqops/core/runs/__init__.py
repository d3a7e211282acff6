"""Runs: backtests, searches, downloads and maintenance: what lets them begin, and the registry that remembers them."""
