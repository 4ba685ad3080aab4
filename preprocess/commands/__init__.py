"""What the commands do; the modules above this folder are their doors."""
