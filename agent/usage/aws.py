"""The client of an AWS service that measures: credentials by AWS's usual chain, a role where one is named, errors told.

A call that is throttled or fails in passing is repeated as AWS's own clients do it (``AWS_MAX_ATTEMPTS``); what fails
after that leaves no half answer.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from agent.config.usage import CloudWatchUsage, PerformanceInsightsUsage
from agent.errors import InputError, MissingExtra, Unreachable

_ATTEMPTS = 6
_CONNECT_SECONDS = 10
_TOLD = 300
_ROLE_SECONDS = 3_600
_DENIED = ("AccessDenied", "AccessDeniedException", "NotAuthorizedException", "UnauthorizedOperation", "Forbidden")
_SIGNING = (
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
)
_QUESTION = (
    "ValidationError",
    "ValidationException",
    "InvalidArgumentException",
    "InvalidParameterValue",
    "InvalidParameterValueException",
    "InvalidParameterCombination",
    "MissingParameter",
    "MissingRequiredParameter",
)
"""Codes of AWS that say the question is wrong, not that there is no answer."""


class Service:
    """One service in one region. ``name`` is what messages call it, ``where`` whose driver it is."""

    def __init__(self, client: Any, name: str, where: str) -> None:
        self._client, self.name, self.where = client, name, where

    def ask(self, operation: str, **question: Any) -> dict[str, Any]:
        """One answer of an operation such as ``list_metrics``.

        Raises ``InputError`` where AWS finds the question wrong, else ``Unreachable``.
        """
        with _told(self.name, self.where, operation):
            answer: dict[str, Any] = getattr(self._client, operation)(**question)
            return answer

    def pages(self, operation: str, question: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Every page of an answer; one that leads to itself would never end."""
        token: dict[str, str] = {}
        before: set[str] = set()
        while True:
            answer = self.ask(operation, **question, **token)
            yield answer
            following = answer.get("NextToken")
            if not following:
                return
            if following in before:
                raise self.incomplete("its pages lead in a circle")
            before.add(following)
            token = {"NextToken": following}

    def incomplete(self, problem: str) -> Unreachable:
        """The error of an answer of which a part is missing."""
        return Unreachable(
            f"{self.name} did not answer whole: {problem}",
            where=self.where,
            expected="all of the answer; nothing of a part is taken",
            mend="run apportion ingest again",
        )


@contextmanager
def service(config: CloudWatchUsage | PerformanceInsightsUsage, kind: str, name: str) -> Iterator[Service]:
    """The service until the block ends. ``kind`` is AWS's short name of it, such as ``pi``."""
    where = f"usage {config.name}: {name} in {config.region}"
    try:
        from botocore.config import Config
        from botocore.session import Session
    except ModuleNotFoundError:
        raise MissingExtra("aws", "boto3") from None
    retries: dict[str, Any] = {"mode": "standard"}
    if "AWS_MAX_ATTEMPTS" not in os.environ:
        retries["total_max_attempts"] = _ATTEMPTS
    options = Config(
        retries=retries,
        connect_timeout=min(config.timeout_seconds, _CONNECT_SECONDS),
        read_timeout=config.timeout_seconds,
        user_agent_extra="apportion",
    )
    with _told(name, where, "the sign-in"):
        session = Session()
        keys = _assumed(session, config, options, where) if config.role else {}
        client = session.create_client(
            kind, region_name=config.region, endpoint_url=config.endpoint, config=options, **keys
        )
    try:
        yield Service(client, name, where)
    finally:
        client.close()


def _assumed(
    session: Any, config: CloudWatchUsage | PerformanceInsightsUsage, options: Any, where: str
) -> dict[str, str]:
    """The keys of the role, for an hour."""
    if not str(config.role).startswith("arn:"):
        raise InputError(
            f"role {config.role!r} is no ARN", where=where, expected="arn:aws:iam::123456789012:role/apportion-read"
        )
    tokens = session.create_client("sts", region_name=config.region, config=options)
    try:
        answer = tokens.assume_role(
            RoleArn=config.role, RoleSessionName=f"apportion-{config.name}"[:64], DurationSeconds=_ROLE_SECONDS
        )
    finally:
        tokens.close()
    keys = answer["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


@contextmanager
def _told(name: str, where: str, operation: str) -> Iterator[None]:
    """Whatever AWS or its client says, as one message a person can act on."""
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise _answered(error, name, where, operation) from error
    except ParamValidationError as error:
        raise InputError(f"{name} cannot be asked this: {_short(error)}", where=where) from error
    except BotoCoreError as error:
        raise _silent(error, name, where) from error
    except ResponseParserError as error:
        raise Unreachable(f"the answer of {name} cannot be read", where=where, mend="run again later") from error


def _answered(error: Any, name: str, where: str, operation: str) -> InputError | Unreachable:
    code = str(error.response.get("Error", {}).get("Code", ""))
    said = _short(error.response.get("Error", {}).get("Message") or code)
    if code in _QUESTION:
        return InputError(f"{name} refuses the question: {said}", where=where)
    if code in _DENIED:
        return Unreachable(
            f"access to {name} is denied: {said}",
            where=where,
            mend="grant the identity that apportion runs as what `apportion doctor` prints for this driver",
        )
    if code in _SIGNING:
        return Unreachable(
            f"{name} does not accept the AWS credentials: {said}",
            where=where,
            mend="sign in again, or give the machine an identity",
        )
    return Unreachable(f"{name} answers {operation} with {code}: {said}", where=where, mend="run again later")


def _silent(error: Exception, name: str, where: str) -> Unreachable:
    from botocore.exceptions import ConnectionError as NoConnection
    from botocore.exceptions import HTTPClientError

    if isinstance(error, NoConnection | HTTPClientError):
        return Unreachable(
            f"{name} cannot be reached: {_short(error)}", where=where, mend="check region, network and proxy"
        )
    return Unreachable(
        f"the AWS credentials cannot be used: {_short(error)}",
        where=where,
        expected="environment variables, a profile, a web identity, or a role of the machine",
        mend="sign in, set AWS_PROFILE, or give the machine a role",
    )


def _short(said: object) -> str:
    return " ".join(str(said).split())[:_TOLD]
