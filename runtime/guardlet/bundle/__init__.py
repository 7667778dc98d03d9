"""The bundle: a folder that holds a guard. Specified in docs/bundle-format.md."""

from guardlet.bundle.manifest import (
    DEFAULT_OPERATING_POINT,
    Artifact,
    FileEntry,
    Manifest,
)
from guardlet.bundle.reader import Bundle, default_bundle
from guardlet.bundle.schema import FORMAT_VERSION, MANIFEST_FILE
from guardlet.bundle.writer import BundleWriter, write_bundle

__all__ = [
    "DEFAULT_OPERATING_POINT",
    "FORMAT_VERSION",
    "MANIFEST_FILE",
    "Artifact",
    "Bundle",
    "BundleWriter",
    "FileEntry",
    "Manifest",
    "default_bundle",
    "write_bundle",
]
