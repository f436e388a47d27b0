"""Learn a writer's handwriting from corrections."""
