"""Phantoms: simulated recordings in which the right answer was planted."""
