"""The page about the theorem of Fischer, Lynch and Paterson."""
