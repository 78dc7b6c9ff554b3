"""Dashboards for Grafana: their source, and the JSON that is made of it."""
