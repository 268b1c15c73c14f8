"""How long W&B asks to be left alone after it has refused requests (HTTP 429).

    RateLimit-Reset: 40, RateLimit-Remaining: 0      seconds until there is a new quota
    Retry-After: 40                                  the same, or a date

wandb-core heeds these while it sends, and keeps them to itself when it gives up. What it says is which request was
refused; so that one is made once more by ourselves, with nothing in it, for what its answer says. Quotas differ: there
is one for queries (`/graphql`) and one for a project's histories (`/file_stream`).
"""

import base64
import contextlib
import email.utils
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Any

from wandb.sdk import wandb_setup

TIMEOUT = 20.0  # seconds for the request
LONGEST = 86_400.0  # seconds; what is longer is no length of time (other services send the time of day)
REFUSED = re.compile(r"\bPOST (http\S+/(graphql|file_stream)) giving up after")
BUSY = re.compile(
    r"did not respond in time|giving up after \d+ s$"
)  # wandb-core holds back as long as it was asked to
BODIES: dict[str, dict[str, object]] = {
    "graphql": {"query": "query Viewer { viewer { entity } }"},
    "file_stream": {},  # a sign of life of a run that is there, as wandb sends it
}


def asked_pause(errors: Iterable[str]) -> float:
    """The longest time in seconds that W&B asks for, given what wandb-core complains of; 0 where it says none."""
    settings = wandb_setup.singleton().settings
    ours = f"{settings.base_url.rstrip('/')}/"  # the key goes there and nowhere else
    found = [match for error in errors if (match := REFUSED.search(error)) and match[1].startswith(ours)]
    refused = {match[2]: match[1] for match in found}
    if any(BUSY.search(error) for error in errors):
        refused["graphql"] = f"{ours}graphql"
    return max((asked(url, kind, settings.api_key) for kind, url in refused.items()), default=0.0)


def asked(url: str, kind: str, key: str | None) -> float:
    """What one address asks for; 0 where it does not answer."""
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
    request = urllib.request.Request(url, json.dumps(BODIES[kind]).encode(), headers)
    with contextlib.suppress(OSError, ValueError):
        try:
            with urllib.request.build_opener(Stay).open(request, timeout=TIMEOUT) as answer:
                return wait_of(answer.headers, answer.status)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return wait_of(refusal.headers, refusal.code)
    return 0.0


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows nobody elsewhere: the key would come along."""

    def redirect_request(self, *_: Any) -> None:
        return None


def wait_of(headers: Message | Mapping[str, str], status: int) -> float:
    """The seconds that an answer asks for.

    >>> wait_of({"RateLimit-Remaining": "0", "RateLimit-Reset": "40"}, 200)
    40.0
    >>> wait_of({"RateLimit-Remaining": "7", "RateLimit-Reset": "40"}, 200), wait_of({"Retry-After": "9"}, 429)
    (0.0, 9.0)
    """
    used_up = status in (429, 503) or seconds(headers.get("RateLimit-Remaining")) == 0
    told = [seconds(headers.get(name)) for name in ("RateLimit-Reset", "Retry-After")] if used_up else []
    return max((wait for wait in told if wait is not None and wait <= LONGEST), default=0.0)


def seconds(text: str | None) -> float | None:
    """A header as seconds from now; None for what is neither a number nor a date."""
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, float(text))  # type: ignore[arg-type]
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())  # type: ignore[arg-type]
    return None
