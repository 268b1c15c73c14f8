"""The one exception that means: what you gave us is wrong, and here is what we expected."""


class InputError(ValueError):
    """Bad input from the user. The command line prints the message and exits with code 2."""
