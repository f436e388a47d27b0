"""Forms: one print with other handwriting on each page, defined once and read page by page."""
