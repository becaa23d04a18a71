"""A plug-in that does not survive its own import."""

raise RuntimeError("this plug-in was written for another library")
