"""Every error Overread raises on purpose. The docstring is the message shown when none is given."""


class OverreadError(Exception):
    """Overread could not do what was asked."""

    exit_code = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class UsageError(OverreadError):
    """The command was not understood."""

    exit_code = 2


class SettingError(UsageError):
    """A setting has a value that is not accepted."""


class GateFailedError(OverreadError):
    """A gate failed: drift was found, a claim refuted or the audit chain broken."""

    exit_code = 3


class UnreachableError(OverreadError):
    """A service this command needs does not answer."""

    exit_code = 4


class PackageError(OverreadError):
    """A model package is not what its model.toml says."""


class SpoolError(OverreadError):
    """The spool could not make the received bytes durable."""


class TableError(UsageError):
    """A table of predictions, reads or features cannot be read as what it was given for."""
