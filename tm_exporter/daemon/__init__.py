"""The program that watches: it starts, follows its configuration, and ends."""
