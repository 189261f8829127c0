"""Report text to finding labels, by rules read from lexicon files. Pure."""
