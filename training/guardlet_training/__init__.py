"""HarmAug: from labelled rows to a trained guard."""
