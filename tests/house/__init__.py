"""What holds for the tree as a whole: imports, sizes, counts, recipes."""
