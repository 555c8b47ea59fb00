"""Whose turn it is: the queue, offers and their deadlines, places kept and given on."""
