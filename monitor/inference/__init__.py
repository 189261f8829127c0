"""Model packages, preprocessing and the batching runner."""
