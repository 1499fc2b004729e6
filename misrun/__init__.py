"""misrun finds out why an ML training run failed."""

__version__ = "0.1.0"
