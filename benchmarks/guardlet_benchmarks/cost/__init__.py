"""What a small guard costs beside a large one, in the form of the paper's Table 2."""
