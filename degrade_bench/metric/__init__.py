"""What listens: traits, the protocol, the catalogue, the panel, MuQ-Eval, DNSMOS, musicnn and simulated metrics."""
