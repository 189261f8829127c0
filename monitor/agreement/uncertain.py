"""What becomes of a label that is neither present nor absent."""

from enum import StrEnum


class Uncertain(StrEnum):
    """What an uncertain label counts as."""

    EXCLUDE = "exclude"
    POSITIVE = "positive"
    NEGATIVE = "negative"

    @property
    def ruling(self) -> bool | None:
        """The label it stands for; None where it stands for none."""
        return {"exclude": None, "positive": True, "negative": False}[self.value]
