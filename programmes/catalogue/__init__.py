"""The guideline as editions: programmes, their conditions and the interpretations in force."""
