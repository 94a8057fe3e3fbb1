"""The newest of everything that a delegation said, so that the board does not read its whole correspondence again.

Of two statements by the same office about the same person, day, role and answer only the newer can matter to the board;
the same goes for what was heard at all, for a date of return and for an address that failed. `newest` holds those few
rows: one more message compares itself with them, and whatever takes something back computes them anew.
"""

from intake.register.events import Events

# One row for each thing that an entry says. `sort` is the order of `board.stand`: when it was said, then staff, then a
# tie-break that is the same in every register; of two equal statements of one word the first counts.
_SAYS = """
    WITH told AS (
        SELECT e.*, coalesce(e.said_at, m.said_at) || (e.message IS NULL)
                    || CASE WHEN e.message IS NULL THEN printf('%020d', e.id) ELSE hex(m.identity) END AS sort
        FROM entry e LEFT JOIN message m ON m.id = e.message
        WHERE e.event_id = ? AND e.delegation IS NOT NULL AND {when}
    )
    SELECT told.event_id, told.delegation,
           'said' || char(31) || (told.message IS NULL) || told.office || char(31) || s.name || char(31) || s.role
           || char(31) || s.day || char(31) || s.attendance || char(31) || told.proposed AS what,
           told.sort || printf('%020d', 1000000000000000000 - s.id) AS sort, told.id AS entry, s.id AS statement
    FROM told JOIN statement s ON s.entry = told.id WHERE told.held = 0
    UNION ALL
    SELECT event_id, delegation,
           'heard' || char(31) || (message IS NULL) || kinds || char(31) || coalesce(neither, '') || char(31) || held,
           sort, id, NULL FROM told
    UNION ALL
    SELECT event_id, delegation, 'returns' || char(31) || held, sort, id, NULL FROM told
    WHERE json_extract(automatic, '$.returns') IS NOT NULL
    UNION ALL
    SELECT told.event_id, told.delegation, 'failed' || char(31) || f.value, told.sort, told.id, NULL
    FROM told, json_each(told.automatic, '$.failed') f WHERE told.automatic IS NOT NULL
    UNION ALL
    SELECT event_id, delegation, 'held' || char(31) || id, sort, id, NULL FROM told WHERE held = 1
"""
IN_FORCE = "e.from_at IS NOT NULL AND e.until_at IS NULL"
_KEEP = """
    INSERT INTO newest (event_id, delegation, what, sort, entry, statement) SELECT * FROM ({says}) WHERE true
    ON CONFLICT (event_id, delegation, what) DO UPDATE SET
    sort = excluded.sort, entry = excluded.entry, statement = excluded.statement WHERE excluded.sort > sort
"""

NEWEST_OF = "SELECT delegation, entry, statement FROM newest WHERE event_id = ?"


def newest_when(when: str) -> str:
    """The same rows computed for entries that fulfil a condition on `e`; for a board as it stood."""
    return f"SELECT delegation, entry, statement, max(sort) FROM ({_SAYS.format(when=when)}) GROUP BY delegation, what"  # noqa: S608  all parts stand in this package


class Newest(Events):
    """The part of the register that keeps those rows true."""

    def _newer(self, event_id: int, entry: int) -> None:
        """An entry came into force, and nothing went out of force for it."""
        self.put(_KEEP.format(says=_SAYS.format(when=f"e.id = ? AND {IN_FORCE}")), (event_id, entry))

    def _newest_again(self, event_id: int, delegations: set[str | None] | None = None) -> None:
        """Something went out of force, or was said at another time than believed: computed from all entries."""
        if delegations is None:
            self.put("DELETE FROM newest WHERE event_id = ?", (event_id,))
            self.put(_KEEP.format(says=_SAYS.format(when=IN_FORCE)), (event_id,))
            return
        for code in delegations:
            self.put("DELETE FROM newest WHERE event_id = ? AND delegation = ?", (event_id, code))
            self.put(_KEEP.format(says=_SAYS.format(when=f"e.delegation = ? AND {IN_FORCE}")), (event_id, code))
