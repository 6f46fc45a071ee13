"""The HTTP API of a node: routes under `/v1`, probes, metrics and the OpenAPI document."""
