"""Somebody who leads is ill: cancelling, standing in, and who has heard of it."""
