"""What cannot be done, shown on code that runs: the bounds of agreement, each with its witnesses.

Agreements and engines come from the catalogs; the runs are real, and what they came to is judged by
`model.outcomes` or by the properties of the simulator.
"""
