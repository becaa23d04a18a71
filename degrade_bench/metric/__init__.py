"""What listens: the protocol, the catalogue, the panel, MuQ-Eval and DNSMOS."""
