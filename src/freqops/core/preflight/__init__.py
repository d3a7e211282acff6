"""The reasons to refuse an inventory before anything is touched; imports base, bot and exchange."""
