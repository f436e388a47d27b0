"""Files in and out: decoding, sandboxing, walking folders, atomic writes."""
