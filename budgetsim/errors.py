"""The two ways a budgetsim job ends other than well.

``InputError`` means that the files or the arguments are wrong (the command line exits with status 2);
``JobError`` means that good input could not be worked through (status 1). Mathematical functions raise
plain ``ValueError`` for arguments outside their domain.
"""

from __future__ import annotations

from pathlib import Path


class InputError(ValueError):
    """Something the user gave is wrong: says where it stands and what was expected.

    Parameters
    ----------
    message
        What was expected and what was found, one line.
    file, line, field
        Where, as far as it is known. Lines count from 1.

    Examples
    --------
    >>> print(InputError("expected true or false, found 'yes'", file="runs.jsonl", line=3, field="correct"))
    runs.jsonl, line 3, field correct: expected true or false, found 'yes'
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.line = line
        self.field = field
        super().__init__(message)

    def __str__(self) -> str:
        place = [
            part
            for part in (
                self.file,
                None if self.line is None else f"line {self.line}",
                None if self.field is None else f"field {self.field}",
            )
            if part is not None
        ]
        return f"{', '.join(place)}: {self.message}" if place else self.message


class JobError(RuntimeError):
    """Good input, but the job could not be done: an endpoint that never answered, data that cannot tell."""
