"""`make drill`: the service under a steady load while something fails, and an audit of what was acknowledged."""
