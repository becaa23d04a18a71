"""degrade-bench: what does a music quality metric hear, and to what is it deaf?"""

__version__ = "0.1.0"
