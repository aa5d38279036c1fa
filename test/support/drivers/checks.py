"""Runs the checks of one driver; prints one JSON object: name of the check to "ok" or what went wrong."""

import json
import os
import sys
import traceback

BIG_PARAMETER = 1024 * 1024
BIG_VALUE = 5 * 1024 * 1024


def same(actual, expected, what=""):
    if actual != expected:
        raise AssertionError(f"{what} expected {expected!r:.200}, got {actual!r:.200}")


def report(error):
    frames = traceback.extract_tb(error.__traceback__)
    place = next((f for f in reversed(frames) if "support/drivers" in f.filename), frames[-1])
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return f"{type(error).__name__} {state or ''} {error}".strip()[:600] + f" (line {place.lineno}: {place.line})"


def table():
    """A table name of this run's own."""
    return os.environ["DRIVER_TABLE"]


def run(checks):
    results = {}
    for check in checks:
        try:
            check()
            results[check.__name__] = "ok"
        except BaseException as error:
            results[check.__name__] = report(error)
    print(json.dumps(results))
    sys.stdout.flush()
