"""Production holds only packages whose licences ask for nothing that a municipality could not give (docs/operations.md)."""

import re
from importlib.metadata import PackageMetadata, metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each asks for its text to be kept, which every package carries along. MPL-2.0 beyond that for the source of its own files
# where they are changed and passed on, which is not done here.
FINE = {"MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0", "Unlicense", "MPL-2.0"}
# As those write it who name no SPDX expression.
SPELLED = {
    "MIT License": "MIT",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
# Read in the package's own text, since its metadata says nothing, or something else.
READ = {
    "pyrage": "MIT",
    # "Other/Proprietary" beside BSD: the trademark notice of "QR Code" in its licence, which asks for nothing.
    "qrcode": "BSD-3-Clause",
}


def told(about: PackageMetadata) -> str:
    """The licence of a package as an SPDX expression, as far as its metadata says."""
    if expression := about.get("License-Expression"):
        return str(expression)
    kinds = [line.split(" :: ")[-1] for line in about.get_all("Classifier", []) if line.startswith("License :: ")]
    if not kinds:
        # Some put the whole text there; its first line is its name.
        kinds = [(about.get("License") or "nothing").strip().partition("\n")[0]]
    return " OR ".join(SPELLED.get(kind, kind) for kind in kinds)


def is_fine(expression: str) -> bool:
    """Of licences to choose from one is enough; of those that all hold none may be missing."""
    return any(
        all(one.strip(" ()") in FINE for one in re.split(r"\s+AND\s+", choice))
        for choice in re.split(r"\s+OR\s+", expression)
    )


def locked() -> list[str]:
    text = (ROOT / "requirements/production.lock").read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9][^ =]*)==", text, re.MULTILINE)


def test_every_package_of_production_has_a_licence_that_is_fine() -> None:
    names = locked()
    assert len(names) > 50
    found = {name: READ.get(name) or told(metadata(name)) for name in names}
    assert {name: licence for name, licence in found.items() if not is_fine(licence)} == {}


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("Apache-2.0 AND AGPL-3.0-only", False),
        ("nothing", False),
    ],
)
def test_an_expression_is_read_as_it_is_meant(expression: str, fine: bool) -> None:
    assert is_fine(expression) is fine
