"""The services beside the hosts: registry and exchange, and the market that tests set."""
