"""botocore's descriptions of AWS: regions, services, their calls."""

from __future__ import annotations

from functools import cache


def share() -> None:
    """All of botocore's sessions in this process read a file once; call it before the first.

    Each would read what AWS has of regions and services by itself, 7 to 20 MB of memory a time.
    """
    from botocore import loaders

    if not hasattr(loaders.create_loader, "cache_clear"):
        loaders.create_loader = cache(loaders.create_loader)
