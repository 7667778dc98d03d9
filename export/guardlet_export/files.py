"""`guardlet.files` under the name this package's users know it by."""

from guardlet.files import replacing

__all__ = ["replacing"]
