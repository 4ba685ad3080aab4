"""Where frames come from: listings, pairs, folders and zips."""
