"""Who works in the demo's municipality. Their accounts exist nowhere else."""

from dataclasses import dataclass

from programmes.core.principal import Principal, Role
from programmes.demo.town import Town
from programmes.people.services import add_staff


@dataclass(frozen=True)
class Colleague:
    """A member of staff. The role as shown in the list of sign-ins; substitutes are leaders with another cohort's time."""

    user: str
    name: str
    role: Role
    told: str
    email: str = ""


COLLEAGUES = (
    Colleague("kim", "Kim Samordnare", "coordinator", "coordinator", "kim@example.invalid"),
    Colleague("robin", "Robin Gruppledare", "leader", "leader", "robin@example.invalid"),
    Colleague("mika", "Mika Gruppledare", "leader", "leader", "mika@example.invalid"),
    Colleague("love", "Love Vikarie", "leader", "substitute", "love@example.invalid"),
    Colleague("sasha", "Sasha Enhetschef", "manager", "manager", "sasha@example.invalid"),
    Colleague("alex", "Alex Administratör", "administrator", "administrator"),
)


async def hire(town: Town, password: str) -> None:
    """Make everybody's account."""
    for one in COLLEAGUES:
        staff_id = await add_staff(one.user, one.name, password, [(one.role, "")], town.clock.now(), one.email)
        town.staff[one.user] = Principal(staff_id, one.name, {one.role: frozenset()})
