"""What a data set is read from: zips, and folders that lack something."""
