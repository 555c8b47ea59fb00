"""Who is asking: a signed-in member of staff and the roles that decide what they may see."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Role = Literal["leader", "coordinator", "manager", "administrator"]


@dataclass(frozen=True)
class Principal:
    """A signed-in member of staff. `sections` of a role is empty where the role holds for every programme.

    `confirmed_at` is when they last showed that it is them: at sign-in, or before an export (`web.guards`).
    """

    staff_id: int
    name: str
    roles: dict[Role, frozenset[str]]
    confirmed_at: datetime | None = field(default=None, compare=False)

    def has(self, role: Role) -> bool:
        return role in self.roles

    def coordinates(self, section: str) -> bool:
        """Whether they are coordinator of the programme with this section of the guideline."""
        sections = self.roles.get("coordinator")
        return sections is not None and (not sections or section in sections)

    def sees_figures(self, section: str) -> bool:
        """Whether they may see what a programme came to, small numbers and all: its coordinator and every manager."""
        return self.has("manager") or self.coordinates(section)

    @property
    def coordinated(self) -> frozenset[str] | None:
        """Sections they coordinate; an empty set means all, None means not a coordinator."""
        return self.roles.get("coordinator")

    @property
    def main_role(self) -> Role:
        for role in ("coordinator", "manager", "administrator", "leader"):
            if role in self.roles:
                return role
        return "leader"
