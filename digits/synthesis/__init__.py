"""Lines of handwriting on paper, composed from digits: what the line network learns from."""
