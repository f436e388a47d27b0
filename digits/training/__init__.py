"""Train the networks with Keras and export them."""
