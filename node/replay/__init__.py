"""Replaying a file of payments as signed transactions, so that a second run goes on where one stopped."""
