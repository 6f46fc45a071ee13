"""The Grafana dashboards as code: one module each, written to `docker/grafana/` as JSON.

`./scripts/dashboards` writes them, `./scripts/dashboards --check` says whether they are up to date,
`./scripts/dashboards --draw URL FILE` draws the overview's graphs from a Prometheus that has watched
a network.
"""
