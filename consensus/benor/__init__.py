"""Ben-Or's randomised binary agreement; the argument stands in `agreement`."""
