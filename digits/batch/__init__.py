"""Read many files into one table."""
