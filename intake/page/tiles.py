"""Where each country stands on a map of Europe made of equal tiles: column and row, from the north-west."""

PLACES = {
    "IS": (0, 0), "NO": (5, 0), "SE": (6, 0), "FI": (7, 0),
    "EE": (7, 1),
    "DK": (5, 2), "LV": (7, 2),
    "IE": (1, 3), "UK": (2, 3), "NL": (4, 3), "DE": (5, 3), "PL": (6, 3), "LT": (7, 3),
    "BE": (3, 4), "LU": (4, 4), "CZ": (5, 4), "SK": (6, 4), "UA": (7, 4), "MD": (8, 4),
    "FR": (3, 5), "CH": (4, 5), "LI": (5, 5), "AT": (6, 5), "HU": (7, 5), "RO": (8, 5),
    "PT": (1, 6), "ES": (2, 6), "IT": (4, 6), "SI": (6, 6), "HR": (7, 6), "BG": (8, 6),
    "MT": (4, 7), "EL": (7, 7), "CY": (8, 7),
}  # fmt: skip
_ALSO = {"GR": "EL", "GB": "UK"}


def place(code: str) -> tuple[int, int] | None:
    """Column and row of a country, or None: it stands beside the map then."""
    return PLACES.get(_ALSO.get(code, code))
