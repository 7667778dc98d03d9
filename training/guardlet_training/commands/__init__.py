"""Commands this package adds to `guardlet`."""
