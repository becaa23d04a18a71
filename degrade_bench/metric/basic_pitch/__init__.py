"""Basic Pitch (Bittner et al. 2022), a network that transcribes notes, and a metric of how far the notes move."""
