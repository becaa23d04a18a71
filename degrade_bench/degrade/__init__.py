"""What damages: the protocol, the catalogue, seeds, and the degradations by group."""
