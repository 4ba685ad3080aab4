"""What tells other readers what a data set holds, beside its manifest."""
