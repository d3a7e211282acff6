"""The content of a deploy, its fingerprints and its lock; imports base, bot and halt."""
