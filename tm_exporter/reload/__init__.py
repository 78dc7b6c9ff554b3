"""Reading the configuration again while the exporter runs, wholly or not at all."""
