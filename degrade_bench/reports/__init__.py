"""What shows, from the analysis alone: figures, HTML, text."""
