"""The pages of metrics, in the forms that Prometheus reads."""
