"""python -m mbisect."""

from mbisect.cli import main

main()
