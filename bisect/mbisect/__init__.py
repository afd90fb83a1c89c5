"""git bisect for everything a fine-tune depends on."""

__version__ = "0.1.0"
