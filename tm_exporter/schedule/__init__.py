"""When probes run, and how many at a time."""
