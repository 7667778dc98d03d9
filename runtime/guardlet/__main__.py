"""`python -m guardlet`, and `torchrun -m guardlet train` for a training on several processes."""

from guardlet.cli.main import main

if __name__ == "__main__":
    main()
