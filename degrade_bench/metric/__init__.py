"""What listens: traits, the protocol, the catalogue, the panel, MuQ-Eval, DNSMOS and simulated metrics."""
