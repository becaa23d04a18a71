"""What listens: the protocol, the catalogue, the panel and MuQ-Eval."""
