"""The Beam job: find, take stock, write shards, commit."""
