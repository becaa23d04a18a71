"""What every room uses: the registry, files written whole, YAML with its lines, caching."""
