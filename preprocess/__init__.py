"""The conversion: a Cityscapes tree to sharded TFRecords, by Apache Beam."""
