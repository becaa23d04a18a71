"""The figures of a report, a module for each.

Beside the code that draws a figure stand its name, its caption, and its text for those who cannot see it.
``drawing`` says what a figure is, and saves it.
"""
