"""The record of a command: its journal, its evidence, and the incident that has both."""
