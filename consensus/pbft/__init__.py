"""Practical Byzantine fault tolerance (Castro and Liskov 1999), whole: see `engine`."""
