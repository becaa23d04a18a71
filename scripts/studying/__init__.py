"""The tables of ``docs/study``: what is counted, and how it is written."""
