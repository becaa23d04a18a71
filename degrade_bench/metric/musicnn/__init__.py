"""musicnn's taggers of music (Pons & Serra 2019) in torch, and metrics of how far a clip's embedding moves."""
