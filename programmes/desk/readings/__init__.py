"""How unclear points of the guideline are read, and whom another reading would leave out."""
