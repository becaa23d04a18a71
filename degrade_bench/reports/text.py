def summary_lines(f):
    return []
