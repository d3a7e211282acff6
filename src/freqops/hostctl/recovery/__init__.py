"""What was interrupted on the bots of a host, brought to its end."""
