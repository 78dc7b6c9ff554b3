"""
The source of the dashboards.

A module for each dashboard says which panels it has; `panels` and `tables` draw them,
`promql` writes their queries from the catalogue's declarations. `make docs` writes
`grafana/dashboards/*.json`.
"""
