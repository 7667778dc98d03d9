"""How soon a stream notices a response that turns harmful part-way, and what that costs."""
