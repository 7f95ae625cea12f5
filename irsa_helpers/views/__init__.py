"""Pictures for notebooks: ipywidgets where a kernel runs, SVG or text elsewhere."""

from irsa_helpers.views.bench import trust_bench
from irsa_helpers.views.handshake import handshake, live_handshake
from irsa_helpers.views.permissions import permission_bench
from irsa_helpers.views.tables import Listing, MarkdownTable, decision_table
from irsa_helpers.views.token import token_view

__all__ = [
    "Listing",
    "MarkdownTable",
    "decision_table",
    "handshake",
    "live_handshake",
    "permission_bench",
    "token_view",
    "trust_bench",
]
