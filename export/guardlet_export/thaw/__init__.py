"""From a bundle back to a guard folder whose weights can be trained."""

from guardlet_export.thaw.thaw import thaw

__all__ = ["thaw"]
