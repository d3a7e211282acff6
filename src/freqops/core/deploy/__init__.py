"""What a deploy brings to a host, under which fingerprint and whose lock; imports base, bot and halt."""
