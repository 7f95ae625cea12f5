"""From a token to credentials: every link of the chain checked, each a hop in the trace."""
