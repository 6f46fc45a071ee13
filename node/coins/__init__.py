"""Common coins, as a node serves them to its engine: shares sent, verified and combined.

The coin itself, its model and who is trusted stand in `ledger.coin`.
"""
