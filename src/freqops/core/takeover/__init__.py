"""Bots that come from elsewhere or leave: the rules of adoption and removal; imports what a deploy does."""
