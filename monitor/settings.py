"""What the environment, a YAML file and the flags may set; the only reader of the environment."""
