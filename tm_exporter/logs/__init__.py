"""What the exporter says in its log, and what must never be in it."""
