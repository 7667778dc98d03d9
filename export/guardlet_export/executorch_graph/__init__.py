"""FastDeberta as an ExecuTorch program."""
