"""What concludes, from the score table alone: drops, intervals, verdicts."""
