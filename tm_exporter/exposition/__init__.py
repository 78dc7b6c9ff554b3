"""The pages of metrics: text, line by line, in the formats that Prometheus reads."""
