"""What the conversion and the trainer share: record, labels, manifest."""
