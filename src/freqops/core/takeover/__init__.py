"""Bots that come from elsewhere or leave: what may be adopted, what may be removed; imports what a deploy does."""
