"""Core ML: a DeBERTa classifier as .mlpackage, written and checked on any system."""
