"""Changing what is planned: moving, cancelling, another leader, whom it reaches."""
