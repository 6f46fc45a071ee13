"""`python -m node.cli` is the command `quorate`."""

from node.cli.main import run

run()
