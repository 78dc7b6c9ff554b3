"""What answers over HTTP; the probes do not know of it."""
