"""Designs drawn at random, none twice: a permutation of all numbers below a limit, made from a seed, that gives any of its
places at once. It is a Feistel network with as many bits as the limit needs, walked until a number is below the limit (Black
and Rogaway 2002), so that nothing is kept of what was drawn before."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

ROUNDS = 6
MOST_BITS = 900  # of the number of designs


def permutation(count: int, seed: int) -> Callable[[int], int]:
    """The permutation of 0..count-1 that belongs to a seed."""
    half = max(1, ((count - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    keys = [f"{seed}.{k}".encode() for k in range(ROUNDS)]
    size = (half + 7) // 8

    def once(number: int) -> int:
        left, right = number >> half, number & mask
        for key in keys:
            mixed = blake2b(right.to_bytes(size, "big"), digest_size=size, key=key).digest()
            left, right = right, left ^ (int.from_bytes(mixed, "big") & mask)
        return left << half | right

    def of(number: int) -> int:
        number = once(number)
        while number >= count:
            number = once(number)
        return number

    return of
