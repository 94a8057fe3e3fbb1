"""Marks a text for the translators where it stands, without translating it there."""


def N_(message: str) -> str:  # noqa: N802  gettext's own name, which the extraction looks for
    """The message itself; whoever shows it translates it."""
    return message


def NN_(one: str, many: str) -> tuple[str, str]:  # noqa: N802  as above, for a word that has a plural
    """Both forms; whoever shows them chooses by the number."""
    return one, many
