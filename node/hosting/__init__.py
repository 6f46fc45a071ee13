"""Networks whose nodes run on hosts of their own: made in one place, carried there, installed."""
