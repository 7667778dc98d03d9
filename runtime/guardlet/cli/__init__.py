"""The `guardlet` command."""
