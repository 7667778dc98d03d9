"""How fast, how small and how exact an exported guard is, beside other ways to export it."""
