"""The panel: small metrics that need no weights, each declared for what it is.

They are what a run without MuQ-Eval listens with, and what a learned metric is set beside. None claims to be
music quality; each hears one thing, by a formula that can be checked.
"""
