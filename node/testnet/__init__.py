"""Networks of real processes on one machine: creation, supervision, demo load, live table."""
