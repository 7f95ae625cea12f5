"""What the doctor reads: the workload, its cluster, its account. Nothing here judges a link."""
