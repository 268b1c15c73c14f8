"""Pages of the documentation that follow from the catalogue: one per cell, one per task."""
