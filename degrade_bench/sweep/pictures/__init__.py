"""Small pictures of what a degradation did to a clip: clean, every level and the placebo, side by side."""
