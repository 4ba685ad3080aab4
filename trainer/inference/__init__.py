"""A trained network applied to pictures of any size."""
