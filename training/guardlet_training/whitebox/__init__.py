"""`guardlet probe`: how few steps turn a verdict when the attacker has the weights."""
