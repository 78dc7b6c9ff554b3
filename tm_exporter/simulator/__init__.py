"""A simulated Tensormesh, for the demo and for tests; knows nothing of the exporter."""
