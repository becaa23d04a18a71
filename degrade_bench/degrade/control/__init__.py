"""Edits that should not matter: what a metric does under them is its nuisance floor."""
