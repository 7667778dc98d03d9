"""From a trained guard to a bundle."""
