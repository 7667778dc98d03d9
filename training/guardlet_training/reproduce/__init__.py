"""The paper's table, computed again: its sets, its figures, and the stages that lead there."""
