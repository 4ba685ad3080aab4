"""The finished folder: commit, what stood there before, its page."""
