"""Vocabulary trimming: fewer embedding rows, and no readable text becomes unreadable."""

from guardlet_export.vocabulary.effect import summary
from guardlet_export.vocabulary.selection import Keep, parse_keep
from guardlet_export.vocabulary.trim import trim_vocabulary

__all__ = ["Keep", "parse_keep", "summary", "trim_vocabulary"]
