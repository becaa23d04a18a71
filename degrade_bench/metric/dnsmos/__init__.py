"""DNSMOS (arXiv 2110.01763), a learned metric of speech: here a control from the wrong domain."""
