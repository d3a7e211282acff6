"""The container engine: reached or started, its networks, ports and containers."""
