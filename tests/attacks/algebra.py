"""What can be computed from sums that were published: exact, by whole numbers, without anything but Python.

A published figure is a sum over the answers of some groups to one question. Whoever has several can add and subtract
multiples of them; all that comes of it is the space that they span. A sum over few people is in it or is not: rank decides.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import combinations
from math import gcd

Sum = Mapping[int, int]


def rank(rows: Iterable[Sequence[int]]) -> int:
    """The rank over the rationals, by elimination without fractions."""
    left = [list(row) for row in rows if any(row)]
    found = 0
    width = len(left[0]) if left else 0
    for column in range(width):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        found += 1
        rest = []
        for row in left:
            if row[column]:
                without = [pivot[column] * a - row[column] * b for a, b in zip(row, pivot, strict=True)]
                shared = gcd(*without)
                if shared:
                    rest.append([a // shared for a in without])
            else:
                rest.append(row)
        left = rest
    return found


def computable(published: Sequence[Set[int]], known: Set[int], weights: Mapping[int, int], below: int) -> list[set[int]]:
    """The smallest sets of groups over which something can be computed though fewer than `below` people answered there.

    `published` are sets of groups whose answers to one question were added up; `known` are groups who know what they
    themselves said (they may put it in, or take it away); `weights` is how many answered, by group. A combination over
    such a set is in the span exactly when the rows lose rank without its columns.
    """
    groups = sorted(group for group, weight in weights.items() if weight and any(group in s for s in published))
    # What is known of a group, whatever it is, takes its column away.
    columns = [group for group in groups if group not in known]
    rows = [[int(group in s) for group in columns] for s in published]
    whole = rank(rows)
    found: list[set[int]] = []
    for size in range(1, len(columns) + 1):
        for few in combinations(columns, size):
            if sum(weights[group] for group in few) >= below or any(one <= set(few) for one in found):
                continue
            kept = [n for n, group in enumerate(columns) if group not in few]
            if rank([row[n] for n in kept] for row in rows) < whole:
                found.append(set(few))
    return found
