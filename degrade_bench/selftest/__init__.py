"""The analysis tested on metrics whose truth is known: does it say of them what is so?"""
