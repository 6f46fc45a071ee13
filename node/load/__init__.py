"""Sending transactions: reliably in order (demo, replay), or open-loop to measure (load)."""
