"""`guardlet adapt`: a few dozen new cases into a trained guard, and what that costs elsewhere."""
