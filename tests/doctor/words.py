"""What doctor said."""

from programmes.doctor.findings import Finding


def said(found: list[Finding], level: str) -> str:
    return "\n".join(f"{f.check}: {f.says} {f.mend}" for f in found if f.level == level)
