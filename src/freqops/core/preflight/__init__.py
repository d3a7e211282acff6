"""Why an inventory is refused before anything is touched; imports base, bot and exchange."""
