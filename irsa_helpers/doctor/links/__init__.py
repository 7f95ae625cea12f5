"""The links of the chain: a module reads the evidence on one of them, and says whether it holds."""
