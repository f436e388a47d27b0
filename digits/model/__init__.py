"""From frames to probabilities: the networks, how they are exported, and how they are run."""
