"""Label tables: the classes of a data set, their ids and colours."""
