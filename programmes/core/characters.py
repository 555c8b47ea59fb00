"""Code points that are no writing at all, whatever font there is."""

# Unicode keeps them for a program's own use, for ever. Characters that are not assigned yet may be tomorrow's emoji.
NONCHARACTERS = frozenset(
    [*map(chr, range(0xFDD0, 0xFDF0)), *(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))]
)
