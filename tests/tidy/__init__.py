"""The house rules, held by tests: floors, bans, sizes and what the repository may contain.

Each rule is a function from a root folder to the list of its breaches. `test_project.py` applies
every rule to this project; the other test modules show that each rule catches a small breach.
"""
