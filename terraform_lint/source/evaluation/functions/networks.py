"""Functions over IP networks in CIDR notation."""

import re
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeAlias

from terraform_lint.source.evaluation.conversion import shown
from terraform_lint.source.evaluation.functions.registry import Family
from terraform_lint.source.evaluation.values import EvaluationError, Unknown, Value

NETWORKS = Family()
_Network: TypeAlias = IPv4Network | IPv6Network
_MOST_BITS_IN_ONE_GO = 32
_LEADING_ZEROS = re.compile(r"\b0+(?=[0-9])", re.ASCII)


def _network(text: str) -> _Network:
    address, slash, bits = text.partition("/")
    if slash and bits.isascii() and bits.isdigit():
        plain = address if ":" in address else _LEADING_ZEROS.sub("", address)
        try:
            return ip_network(f"{plain}/{bits}", strict=False)
        except ValueError:
            pass
    raise EvaluationError(f"{shown(text)} is no network in CIDR notation")


def _at(network: _Network, offset: int, bits: int) -> str:
    return f"{type(network)((int(network.network_address) + offset, bits))}"


@NETWORKS("cidrhost", "text", "whole")
def cidrhost(prefix: str, host: Decimal) -> Value:
    """The address of a number in the network; negative: from its end."""
    network = _network(prefix)
    number = int(host)
    if not -network.num_addresses <= number < network.num_addresses:
        raise EvaluationError(f"cidrhost() has no address {number} in {network}")
    return str(network[number])


@NETWORKS("cidrnetmask", "text")
def cidrnetmask(prefix: str) -> Value:
    """Of an IPv4 network."""
    network = _network(prefix)
    if isinstance(network, IPv6Network):
        raise EvaluationError("cidrnetmask() takes an IPv4 network")
    return str(network.netmask)


@NETWORKS("cidrsubnet", "text", "whole", "whole")
def cidrsubnet(prefix: str, more: Decimal, number: Decimal) -> Value:
    """The subnet of a number, its prefix longer by ``more`` bits."""
    network = _network(prefix)
    bits = network.prefixlen + int(more)
    if more < 0 or number < 0:
        return Unknown("cidrsubnet() of a negative number is not worked out here")
    if bits > network.max_prefixlen:
        raise EvaluationError(f"cidrsubnet() cannot extend {network} by {more} bits")
    if number >= 2 ** int(more):
        raise EvaluationError(f"cidrsubnet() has no subnet {number} in {network} extended by {more} bits")
    return _at(network, int(number) << (network.max_prefixlen - bits), bits)


@NETWORKS("cidrsubnets", "text", more="whole")
def cidrsubnets(prefix: str, *more: Decimal) -> Value:
    """Subnets one after the other, each prefix longer by its number of bits."""
    network = _network(prefix)
    found: list[Value] = []
    offset = 0
    for extension in more:
        bits = network.prefixlen + int(extension)
        if not 1 <= extension <= _MOST_BITS_IN_ONE_GO or bits > network.max_prefixlen:
            raise EvaluationError(f"cidrsubnets() cannot extend {network} by {extension} bits")
        size = 1 << (network.max_prefixlen - bits)
        offset = -(-offset // size) * size
        if offset + size > network.num_addresses:
            raise EvaluationError(f"cidrsubnets() finds no more room in {network}")
        found.append(_at(network, offset, bits))
        offset += size
    return found
