"""Runs: backtests, searches, downloads and maintenance, and what lets them begin."""
