"""How long ago something was, in kubectl's short form.

Source: apimachinery, pkg/util/duration: HumanDuration.
"""

from __future__ import annotations

from datetime import datetime


def duration(since: str | None, now: datetime) -> str:
    """`5s`, `3m20s`, `2h`, `4d3h`. Source: apimachinery, HumanDuration."""
    if not since:
        return "<unknown>"
    seconds = int((now - datetime.fromisoformat(since)).total_seconds())
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{max(seconds, 0)}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d"
