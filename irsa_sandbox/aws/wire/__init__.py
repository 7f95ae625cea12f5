"""HTTP as it comes and goes: requests, answers, and operations by the models of botocore."""
