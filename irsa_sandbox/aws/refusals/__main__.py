"""The table of refusals, printed."""

from irsa_sandbox.aws.refusals import markdown, rows

print(markdown(rows()))
