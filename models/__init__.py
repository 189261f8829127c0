"""Model packages and the networks they name."""
