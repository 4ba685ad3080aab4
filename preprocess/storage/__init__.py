"""Files here and elsewhere: found, read, replaced."""
