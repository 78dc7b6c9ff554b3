"""What the exporter does about its own process: memory, files, a loop that is late."""
