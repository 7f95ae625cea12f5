"""EKS and AWS in one local process; the helpers only speak to its addresses, never import it."""
