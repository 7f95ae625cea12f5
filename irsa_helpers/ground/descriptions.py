"""botocore's descriptions of AWS: regions, services, their calls."""

from __future__ import annotations

from functools import cache
from typing import Any


def share() -> None:
    """All of botocore's sessions that this process makes from now on read a file once.

    Each would read what AWS has of regions and services by itself, 7 to 20 MB of memory a time.
    """
    from botocore import session

    session.create_loader = _shared_loader


def _shared_loader(search_path: str | None = None) -> Any:
    """The one loader for that search path, as `botocore.loaders.create_loader` makes it.

    Each session of boto3 adds its own folder to the loader's, and would add it to this one again.
    """
    loader = _loader(search_path)
    loader.search_paths[:] = dict.fromkeys(loader.search_paths)
    return loader


@cache
def _loader(search_path: str | None) -> Any:
    from botocore.loaders import create_loader

    return create_loader(search_path)
