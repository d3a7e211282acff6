"""A repository on another host: the way there, and what is forgotten where it lies."""
