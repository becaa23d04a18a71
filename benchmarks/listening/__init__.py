"""Parts of ``benchmarks/muq_eval.py``."""
