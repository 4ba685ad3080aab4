"""What can go wrong in ways that the user can mend."""


class ConversionError(Exception):
    """Stops the job; the message is one line that ends with the remedy."""


class BadPictureError(ValueError):
    """A PNG is damaged or not of the kind that Cityscapes has."""
