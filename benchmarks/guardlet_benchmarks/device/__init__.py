"""How fast, how big and how warm a guard is on a device, and whether it is still the same guard."""
