"""View models of the catalogue's own pages."""

from programmes.catalogue.wording import Question, Refusal, questions, refusal_text

__all__ = ["Question", "Refusal", "questions", "refusal_text"]
