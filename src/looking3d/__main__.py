"""`python -m looking3d` is the command line."""

from looking3d.cli import main

main()
