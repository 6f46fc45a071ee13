"""What a node measures: families of metrics, what they are read from, and the table of them."""
