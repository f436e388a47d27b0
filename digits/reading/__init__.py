"""Read the numbers of a page, compare readings of it, and compose the result."""
