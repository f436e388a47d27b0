"""The pages of the app: layout only. They call the reader and lay out what came back."""
