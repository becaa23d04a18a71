"""Where clips come from: the built-in corpus, files, folders and manifests."""
