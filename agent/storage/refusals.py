"""What a store or the network answered, as one message a person can act on.

pyarrow raises most of it as ``OSError`` with the store's own words in the text, and a code for none of it.
"""

import re
import urllib.error
import urllib.request

from agent.errors import NoSuchPlace, Unreachable
from agent.storage.stores import Store

_ANSWER_SECONDS = 10
_TOLD = 300
_NO_BUCKET = re.compile(
    r"NO_SUCH_BUCKET|Bucket '.*' not found|ContainerNotFound|\[ContainerBeingDeleted\]", re.IGNORECASE
)
_READINGS = tuple(
    (re.compile(words, re.IGNORECASE), message, mend)
    for words, message, mend in (
        (
            r"HTTP status 301|PermanentRedirect|AuthorizationHeaderMalformed|bucket is located in",
            "the bucket lies in another region",
            "set storage.region of this source in apportion.yaml",
        ),
        (
            (
                r"INVALID_ACCESS_KEY_ID|SIGNATURE_DOES_NOT_MATCH|EXPIRED_?TOKEN|InvalidToken|INVALID_CLIENT_TOKEN_ID"
                r"|token.* has expired|UNAUTHENTICATED|status code: 401|AuthenticationFailed|\] 401 "
                r"|Failed to get token|OAuth2 access token|failed to authenticate"
            ),
            "the {credentials} are missing, wrong or expired",
            "sign in again, or give the machine an identity; docs/locations.md lists where credentials are looked for",
        ),
        (
            (
                r"ACCESS_DENIED|AccessDenied|HTTP status 403|PERMISSION_DENIED|status code: 403"
                r"|Authorization(PermissionMismatch|Failure)|InsufficientAccountPermissions|\] 403 "
            ),
            "access is denied",
            "grant {right} to the identity that apportion runs as; `apportion doctor` prints the policy",
        ),
        (
            (
                r"NETWORK_CONNECTION|curlCode|CURL error|resolve host|Fail to get a new connection|timed? ?out"
                r"|UNAVAILABLE|DEADLINE_EXCEEDED"
            ),
            "the {bucket} cannot be reached",
            "check network, proxy and storage.endpoint, and run again",
        ),
    )
)
"""What is looked for in a store's words, what it means, how to mend it; the first that is found counts."""


def refused(error: Exception, store: Store, where: str, *, listing: bool) -> Unreachable:
    """The error of a store, told: what it means, and the right that it takes."""
    said = " ".join(str(error).split())
    right = store.listing if listing else store.reading
    if _NO_BUCKET.search(said):
        return NoSuchPlace(
            f"there is no {store.bucket} of this name",
            where=where,
            expected=right,
            mend="correct `location` of this source in apportion.yaml",
        )
    for words, message, mend in _READINGS:
        if words.search(said):
            return Unreachable(
                message.format(bucket=store.bucket, credentials=store.credentials),
                where=where,
                expected=right,
                mend=mend.format(right=right),
            )
    return Unreachable(
        f"the {store.bucket} cannot be read: {said[:_TOLD]}", where=where, expected=right, mend="run again later"
    )


def refuse_silent(address: str, store: Store, where: str) -> None:
    """Raises ``Unreachable`` when nothing answers at an address; any HTTP answer will do.

    NOTE: the clients of Google and Azure wait for minutes on a host that takes a connection and says nothing.
    """
    try:
        # NOTE: urlopen would keep the proxies of the first time it was called
        urllib.request.build_opener().open(address, timeout=_ANSWER_SECONDS).close()
    except urllib.error.HTTPError as answer:
        answer.close()
    except (OSError, ValueError) as error:
        raise Unreachable(
            f"the {store.bucket} cannot be reached: {getattr(error, 'reason', error)}",
            where=where,
            expected=f"an answer of {address} within {_ANSWER_SECONDS} seconds",
            mend="check network, proxy and storage.endpoint, and run again",
        ) from error
