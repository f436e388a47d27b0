"""Read mark sheets into tables."""
