"""`guardlet.files` under the name this package's users know it by."""

from guardlet.files import replacing, write_text

__all__ = ["replacing", "write_text"]
