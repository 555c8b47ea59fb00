"""Editions of the guideline, and the readings of it that are in force."""

from piccolo.columns import JSONB, Bytea, Date, ForeignKey, Integer, Serial, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.constraints import Check, Unique
from piccolo.table import Table


class Edition(Table, tablename="edition"):
    """One edition of the guideline, never edited after use. `digest` is the SHA-256 of its data file; `facts` is what that
    says for all sections, null where only a release stored it that did not keep them."""

    id: Serial = Serial(primary_key=True)
    diary_number = Text(default=None)
    valid_from = Date(default=None)
    revised_on = Date(default=None)
    digest = Bytea(default=None, unique=True)
    loaded_at = Timestamptz(default=None)
    facts = JSONB(null=True, default=None)


class Programme(Table, tablename="programme"):
    """One row of an edition. `data` is the whole programme as the data file gives it."""

    id: Serial = Serial(primary_key=True)
    edition_id = ForeignKey(Edition, on_delete=OnDelete.restrict, null=False)
    section = Text(default=None)
    slug = Text(default=None)
    form = Text(default=None)
    doc_level = Text(default=None)
    way_in = Text(default=None)
    participants_min = Integer(null=True, default=None)
    participants_max = Integer(null=True, default=None)
    starts_per_year = Integer(null=True, default=None)
    position = Integer(default=0)
    data = JSONB(default="{}")
    known_form = Check("form in ('group', 'individual', 'drop_in', 'catalogue_only')")
    known_doc_level = Check("doc_level in ('operational', 'individual')")
    one_section_per_edition = Unique(["edition_id", "section"])
    one_slug_per_edition = Unique(["edition_id", "slug"])


class InterpretationChoice(Table, tablename="interpretation_choice"):
    """A coordinator's reading where it differs from the default in the data file; the newest row counts."""

    id: Serial = Serial(primary_key=True)
    section = Text(default=None)
    key = Text(default=None)
    value = Text(default=None)
    chosen_by = Integer(default=None)
    chosen_at = Timestamptz(default=None)
