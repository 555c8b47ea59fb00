"""An import-linter contract: which room of a feature may import which, in its own feature and in a lower one."""

from collections.abc import Iterator
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

# The packages whose parts are no rooms: everybody may use core, and only views speak HTTP.
_CORE, _WEB = "core", "web"


class RoomsContract(Contract):
    """`rooms` lists what a room may import of its siblings; `offered` what a higher feature may use; `called` names
    modules that are not called after a room. A foreign key may name a lower feature's tables, from tables only.
    The room `pure` reaches none of `never`, however long the way."""

    features = fields.StringField()
    rooms = fields.ListField(subfield=fields.StringField())
    offered = fields.StringField()
    pure = fields.StringField()
    never = fields.StringField()
    called = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        wrongs = sorted(self._wrongs(graph))
        return ContractCheck(kept=not wrongs, metadata={"wrongs": wrongs})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for wrong in check.metadata["wrongs"]:
            output.print_error(wrong, bold=False)
        output.new_line()

    def _wrongs(self, graph: ImportGraph) -> Iterator[str]:
        for importer in sorted(graph.modules):
            feature, room = self._place(importer)
            if not feature or feature == _CORE or importer.count(".") == 1 or graph.find_children(importer):
                continue
            if room is None:
                yield f"{importer} is called after no room"
                continue
            if room == self.pure:
                yield from self._reached(graph, importer)
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                if why := self._refusal(feature, room, imported):
                    line = graph.get_import_details(importer=importer, imported=imported)[0]["line_number"]
                    yield f"{importer}:{line} imports {imported}: {why}"

    def _reached(self, graph: ImportGraph, importer: str) -> Iterator[str]:
        for package in self._words(self.never):
            chain = graph.find_shortest_chain(importer=importer, imported=package) if package in graph.modules else None
            if chain:
                yield f"{importer} reaches {package}: {' → '.join(chain)}"

    def _refusal(self, feature: str, room: str, imported: str) -> str:
        """Why a room may not import a module, or an empty text."""
        if imported == f"programmes.{_WEB}" or imported.startswith(f"programmes.{_WEB}."):
            return "" if room == "views" else f"{room} know nothing of HTTP"
        other, other_room = self._place(imported)
        if not other or other == _CORE or other_room is None:
            return ""
        if other == feature:
            allowed = other_room == room or other_room in self._law()[room]
            return "" if allowed else f"{room} may not import {other_room}"
        if other_room == "tables":
            return "" if room == "tables" else f"tables of {other} are for foreign keys only"
        return "" if other_room in self._words(self.offered) else f"{other} does not offer its {other_room}"

    def _place(self, module: str) -> tuple[str, str | None]:
        """Feature and room of a module; an empty feature for what is none, no room for what is called after none."""
        parts = module.split(".")
        if len(parts) < 2 or parts[0] != "programmes" or parts[1] not in self._words(self.features):
            return "", None
        if len(parts) == 2:
            return parts[1], None
        called = dict(self._pairs(self.called or []))
        if found := called.get(".".join(parts[1:])):
            return parts[1], found.strip()
        # `slot_services` is a part of the room `services` that grew too large for one file. A large feature has folders by
        # subject (decision 33), each with rooms of its own; between them the law is the same.
        return parts[1], next((r for r in self._law() if parts[-1] == r or parts[-1].endswith(f"_{r}")), None)

    def _law(self) -> dict[str, set[str]]:
        return {room: set(self._words(allowed)) for room, allowed in self._pairs(self.rooms)}

    @staticmethod
    def _words(text: Any) -> list[str]:
        return str(text).replace(",", " ").split()

    @staticmethod
    def _pairs(lines: Any) -> Iterator[tuple[str, str]]:
        for line in lines:
            name, _, rest = str(line).partition(":")
            yield name.strip(), rest
