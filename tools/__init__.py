"""Programs for those who work on the project; nothing of the program or the lab imports them."""
