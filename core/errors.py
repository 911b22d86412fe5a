"""What stops the product from starting, told to a person rather than traced."""


class CannotStartError(Exception):
    """The text says what is wrong and what to do; the command ends with `exit_status`."""

    exit_status = 1
