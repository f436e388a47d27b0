"""Draw readings: overlay, charts, text, reports."""
