"""The arguments as pictures, on one page that stands alone."""
