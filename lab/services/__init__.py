"""What runs beside the hosts: registry and exchange, and what tests make of the market."""
