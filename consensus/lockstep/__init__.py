"""Synchronous agreements, written as Lynch's two functions, and what makes rounds of a clock.

`protocol` is the contract of rounds; `flood_set`, `opt_flood_set`, `early`, `flood_min`, `textbook`,
`phase_king`, `gathering` and `dolev_strong` are algorithms on it.
"""
