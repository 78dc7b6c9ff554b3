"""The commands: one file each, with what it is told, how it is used, and what it does."""
