"""Files, local or remote; archives; pictures as bytes."""
