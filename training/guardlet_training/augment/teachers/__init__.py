"""Teachers: models that say how likely a text is to be unsafe."""
