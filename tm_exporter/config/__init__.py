"""The configuration: what may be written, where it comes from, what it means."""
