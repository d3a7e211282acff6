"""Moving bots from a host to another, on both of them."""
