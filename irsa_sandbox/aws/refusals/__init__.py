"""Every refusal of the endpoint, made by asking for it: what is asked, and what AWS answers.

`rows()` runs an endpoint of its own, so the table always says what the code does.
`python -m irsa_sandbox.aws.refusals` prints it as Markdown.
"""

from irsa_sandbox.aws.refusals.table import Refusal, markdown, rows

__all__ = ["Refusal", "markdown", "rows"]
