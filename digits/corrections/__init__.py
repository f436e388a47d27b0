"""Store, exchange and apply corrections."""
