"""Monitor the Tensormesh inference service and expose it to Prometheus."""

__version__ = "0.1.0"
