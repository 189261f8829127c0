"""From received bytes to a verdict, through ports only."""
