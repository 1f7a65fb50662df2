"""What Redis and its client report, as errors of this library that say what to do."""

from __future__ import annotations

from crmid.errors import (
    CrmidError,
    StoreAmbiguous,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    shown,
)


__all__ = ["translated", "unknown_script"]

#: By the code that an answer begins with: the error, and what to do. None of them was applied.
_ANSWERS: dict[str, tuple[type[StoreError], str]] = {
    "BUSY": (StoreBusy, "somebody's script keeps it busy: try again"),
    "LOADING": (StoreBusy, "it is loading its data: try again"),
    "TRYAGAIN": (StoreBusy, "it is moving its data: try again"),
    "READONLY": (StoreUnavailable, "it is a replica: connect to the primary"),
    "MASTERDOWN": (StoreUnavailable, "it is a replica that has lost its primary"),
    "NOREPLICAS": (StoreUnavailable, "too few replicas are connected to it for writing"),
    "OOM": (StoreError, "its memory is full: raise maxmemory, or free some"),
    "MISCONF": (StoreError, "it cannot write to its disk, and refuses to go on: see its log"),
    "WRONGTYPE": (StoreError, "another kind of data is under the key: choose another prefix"),
    "NOPERM": (
        StoreError,
        "this user may not: give it the commands and keys that the documentation names",
    ),
    "NOAUTH": (StoreError, "it asks for a password: put it into the URL or the client"),
    "WRONGPASS": (StoreError, "it refuses the name or the password"),
    "MOVED": (StoreError, "it is a node of a cluster: use a Redis that is not a cluster"),
    "CLUSTERDOWN": (StoreError, "its cluster is down"),
}


def unknown_script() -> type[Exception]:
    """The client's error for a script that the server does not keep: it has not run."""
    from redis import exceptions

    return exceptions.NoScriptError


def translated(error: Exception, server: str, *, sent: bool) -> Exception:
    """The error for what went wrong in one exchange with the server.

    Args:
        error: What was raised.
        server: The server's name, for the message.
        sent: Whether the request may have reached it.

    Returns:
        An error of this library, or the same one if it is no matter of the store.
    """
    import redis

    if isinstance(error, CrmidError) or not isinstance(error, (redis.RedisError, OSError)):
        return error
    code = _code_of(error)
    if code is not None:
        kind, advice = _ANSWERS.get(code, (StoreError, "it refuses"))
        return kind(f"{server}: {advice} ({_said(error)})")
    if sent:
        return StoreAmbiguous(
            f"{server}: no answer came back; whether the request was carried out is unknown "
            f"({_said(error)})"
        )
    return StoreUnavailable(f"{server}: it cannot be reached ({_said(error)})")


def _code_of(error: Exception) -> str | None:
    """The code of a server's answer, empty for one of no note; None without an answer."""
    from redis import exceptions

    if isinstance(error, exceptions.BusyLoadingError):
        return "LOADING"
    if isinstance(error, exceptions.AuthenticationError):
        return "NOAUTH" if "required" in str(error) else "WRONGPASS"
    if not isinstance(error, exceptions.ResponseError):
        return None
    for kind, code in _CLASSES.items():
        if isinstance(error, getattr(exceptions, kind, ())):
            return code
    # The client leaves codes in the text that it has no class for. Before Redis 7 the error of
    # a script stands in the middle of another one.
    words = str(error).replace(":", " ").split()
    return next((word for word in words if word in _ANSWERS), "")


#: Classes of the client that take the code out of the text.
_CLASSES = {
    "OutOfMemoryError": "OOM",
    "ReadOnlyError": "READONLY",
    "NoPermissionError": "NOPERM",
    "MasterDownError": "MASTERDOWN",
    "ClusterDownError": "CLUSTERDOWN",
    "TryAgainError": "TRYAGAIN",
    "AskError": "MOVED",
}


def _said(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return text if text.isprintable() and len(text) < 200 else shown(text)
