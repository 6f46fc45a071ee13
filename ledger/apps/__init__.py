"""Applications: the pure halves of what a transaction's payload can ask for.

Each module has `check(payload, limits)`, which raises on form alone, and
`apply(view, transaction, payload)`, which never raises and names the reason of a failure.
"""
