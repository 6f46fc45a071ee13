"""From agreements to a chain: what every engine needs that decides one height after another.

`keeper` is the record of decided heights; `delivering`, `catch_up`, `attesting` and `checkpoint` are
functions over it. `chained` runs one agreement per height as an engine.
"""
