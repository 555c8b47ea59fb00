"""`programmes demo`."""


def run(port: int) -> int:
    """Serve the demo on `port`."""
    raise SystemExit(f"not here yet: {port}")
