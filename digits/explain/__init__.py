"""Show how a network comes to its answer."""
