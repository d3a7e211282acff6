"""Runs: backtests, hyperopts and live starts: whether one may begin, and the registry that remembers them."""
