"""The commands, one file each: what it is told, how it is used, what it does."""
