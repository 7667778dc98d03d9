"""HarmAug's data: instructions written by a model, answers to them, and a teacher's labels."""
