"""What training pictures go through: scale, crop, flip, colors, dropout."""
