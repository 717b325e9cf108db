"""The three object stores: how each is connected with its cloud's own chain of credentials, and the rights it asks.

Everything goes through the filesystems of pyarrow; docs/decisions/0010-object-stores.md says why.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from agent.config.application import StorageConfig
from agent.errors import SourceError, Unreachable

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_ATTEMPTS = 3
_CONNECT_SECONDS = 5
_SILENCE_SECONDS = 8
"""Of S3, an answer that stays away this long counts as a failed attempt."""
_RETRY_SECONDS = 15
"""Of Google, how long attempts are repeated; its own default is a quarter of an hour."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_US_EAST = "us-east-1"


@dataclass(frozen=True, slots=True)
class Store:
    """A kind of object store: words for messages, and what connects to it.

    ``connect`` takes the bucket and the source's ``storage``; ``address`` is what must answer before anything is
    asked of it, None where only the client knows.
    """

    scheme: str
    bucket: str
    listing: str
    reading: str
    credentials: str
    connect: Callable[[str, StorageConfig], "FileSystem"]
    address: Callable[[StorageConfig], str | None]


def _s3(bucket: str, storage: StorageConfig) -> "FileSystem":
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    options: dict[str, Any] = {
        "region": _region(bucket, storage),
        "connect_timeout": _CONNECT_SECONDS,
        "request_timeout": _SILENCE_SECONDS,
        "retry_strategy": AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    }
    if storage.endpoint:
        options |= {"endpoint_override": _endpoint(storage).netloc, "scheme": _endpoint(storage).scheme}
    if proxy := _proxy(bucket, storage):
        options["proxy_options"] = proxy
    options |= {"anonymous": True} if storage.anonymous else _aws_keys()
    return S3FileSystem(**options)


def _proxy(bucket: str, storage: StorageConfig) -> str | None:
    """The proxy that the environment names for the store. The clients of Google and Azure look for it themselves."""
    parts = _endpoint(storage) if storage.endpoint else urlsplit(f"https://{bucket}.s3.amazonaws.com")
    return None if proxy_bypass(str(parts.hostname)) else getproxies().get(parts.scheme)


def _region(bucket: str, storage: StorageConfig) -> str | None:
    """As configured; else where AWS says the bucket is. None leaves it to the environment."""
    from pyarrow.fs import resolve_s3_region

    if storage.region:
        return storage.region
    if storage.endpoint:
        return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or _US_EAST
    try:
        return str(resolve_s3_region(bucket))
    except OSError:
        # NOTE: a network that lets only one region through, or no such bucket: the listing says which
        return None


def _aws_keys() -> Mapping[str, str | None]:
    """What boto3's chain finds now; where boto3 is not installed, nothing: the SDK below pyarrow looks by itself.

    boto3 knows ways that the other does not: roles named in a profile, single sign-on, EKS pod identities.
    """
    try:
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ModuleNotFoundError:
        return {}
    try:
        found = Session().get_credentials()
        frozen = None if found is None else found.get_frozen_credentials()
    except BotoCoreError as error:
        raise Unreachable(
            f"the AWS credentials cannot be used: {error}",
            expected="credentials of a user or role that may read the bucket",
            mend="correct the profile, or sign in again (aws sso login)",
        ) from error
    if frozen is None:
        raise Unreachable(
            "no AWS credentials were found",
            expected="environment variables, a profile, a web identity, or a role of the machine",
            mend="sign in, set AWS_PROFILE, or give the machine a role; a public bucket takes storage.anonymous: true",
        )
    return {"access_key": frozen.access_key, "secret_key": frozen.secret_key, "session_token": frozen.token}


def _gcs(bucket: str, storage: StorageConfig) -> "FileSystem":
    from pyarrow.fs import GcsFileSystem

    del bucket
    options: dict[str, Any] = {"retry_time_limit": timedelta(seconds=_RETRY_SECONDS)}
    if storage.endpoint:
        options |= {"endpoint_override": _endpoint(storage).netloc, "scheme": _endpoint(storage).scheme}
    return GcsFileSystem(anonymous=storage.anonymous, **options)


def _azure(bucket: str, storage: StorageConfig) -> "FileSystem":
    from pyarrow.fs import AzureFileSystem

    del bucket
    if storage.anonymous:
        raise SourceError(
            "az:// is not read without credentials",
            expected="a signed-in identity, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY",
            mend="remove storage.anonymous; for a public container set a shared access signature",
        )
    options: dict[str, Any] = {}
    if token := os.environ.get("AZURE_STORAGE_SAS_TOKEN"):
        options["sas_token"] = token
    elif key := os.environ.get("AZURE_STORAGE_KEY"):
        options["account_key"] = key
    account = _account(storage)
    if storage.endpoint:
        blob = _authority(_endpoint(storage), account)
        scheme = _endpoint(storage).scheme
        options |= {"blob_storage_authority": blob, "blob_storage_scheme": scheme}
        options |= {"dfs_storage_authority": blob.replace(".blob.", ".dfs."), "dfs_storage_scheme": scheme}
    return AzureFileSystem(account, **options)


def _account(storage: StorageConfig) -> str:
    account = storage.account or os.environ.get("AZURE_STORAGE_ACCOUNT")
    if not account:
        raise SourceError(
            "az:// needs the name of the storage account",
            expected="storage: {account: NAME} at this source, or AZURE_STORAGE_ACCOUNT",
            mend="add storage.account to this source in apportion.yaml",
        )
    return account


def _authority(endpoint: SplitResult, account: str) -> str:
    """An emulator takes the account in the path; a cloud takes it as the first part of the host's name."""
    if endpoint.hostname in _LOOPBACK:
        return endpoint.netloc
    return "." + endpoint.netloc.removeprefix(f"{account}.").removeprefix(".")


def _endpoint(storage: StorageConfig) -> SplitResult:
    """``storage.endpoint`` as scheme, host and port; without a scheme it is https."""
    text = storage.endpoint or ""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise SourceError(
            f"storage.endpoint is {text!r}",
            expected="https://HOST or https://HOST:PORT",
            mend="correct storage.endpoint of this source in apportion.yaml",
        )
    return parts


def _own_address(storage: StorageConfig) -> str | None:
    return f"{_endpoint(storage).scheme}://{_endpoint(storage).netloc}/" if storage.endpoint else None


def _google_address(storage: StorageConfig) -> str | None:
    return _own_address(storage) or "https://storage.googleapis.com/"


def _azure_address(storage: StorageConfig) -> str | None:
    account = _account(storage)
    if not storage.endpoint:
        return f"https://{account}.blob.core.windows.net/"
    authority = _authority(_endpoint(storage), account)
    return f"{_endpoint(storage).scheme}://{account if authority.startswith('.') else ''}{authority}/"


STORES: Mapping[str, Store] = {
    "s3": Store(
        "s3",
        "bucket",
        "s3:ListBucket on the bucket",
        "s3:GetObject on its objects (and kms:Decrypt on their key, where they are encrypted with one)",
        "AWS credentials",
        _s3,
        _own_address,
    ),
    "gs": Store(
        "gs",
        "bucket",
        "storage.objects.list (role Storage Object Viewer) on the bucket",
        "storage.objects.get (role Storage Object Viewer) on the bucket",
        "Google credentials",
        _gcs,
        _google_address,
    ),
    "az": Store(
        "az",
        "container",
        "the role Storage Blob Data Reader on the container",
        "the role Storage Blob Data Reader on the container",
        "Azure credentials",
        _azure,
        _azure_address,
    ),
}


def store_of(location: str) -> Store:
    """The store that a location such as ``s3://bucket/prefix`` lies in."""
    return STORES[urlsplit(location).scheme]
