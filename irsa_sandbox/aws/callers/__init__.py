"""Who calls: signatures, sessions, and what IAM has on record of users, roles and providers."""
