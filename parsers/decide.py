"""From what the components found to what is recorded: statements, roles, questions.

The rules here are the secretariat's own: who counts as the head of delegation, what a calendar answer means. Which
words mean what was learned.
"""

from dataclasses import dataclass
from datetime import date

from spacy.tokens import Doc, Span

from parsers.conference import Conference, Delegation
from parsers.context import Context, Verdict, context, sentence_at
from parsers.document import Shown
from parsers.examples import ATTENDANCE, NOBODY, ROLES, WRITER
from parsers.glossary import concepts
from parsers.itip import Reply
from parsers.lexicon import contains, of
from parsers.people import Person
from parsers.reading import Attendance, Evidence, Question, Role, Statement

CALENDAR = 0.97
NOT_A_MEMBER = 0.75
"""Above this share of the role "none" somebody is a signer, a contact, or quoted."""
BESIDE = 10
"""How many words around a name may introduce it as the new minister's."""
NO_AVAILABILITY, OUTWEIGHS = 0.35, 0.92
WRITES_ONLY = 0.1
"""From this share of the role "none" on, a writer is nobody who comes along."""
MYSELF = 0.8
"""How sure it must be that the writer comes on one day at least."""
NEAR = 0.12
SHORTEST_REQUEST = 5
UNNAMED = 0.6
"""How sure the reader must be to take something as said of a principal whom the text does not name."""


@dataclass(slots=True)
class _Judged:
    person: Person
    number: int
    days: dict[date, tuple[Attendance, float, Verdict]]
    roles: list[float]

    @property
    def attends(self) -> bool:
        return bool(self.coming)

    @property
    def coming(self) -> set[date]:
        """The days on which they come or may come."""
        return {day for day, (attendance, _, _) in self.days.items() if attendance is not Attendance.NO}


def statements(doc: Doc, state: Context, shown: Shown) -> list[Statement]:
    """What the text says about each person and day, in order of naming."""
    found: list[Statement] = []
    judged = _judged(state)
    roles = _roles(judged, state, _replace_principal(judged, doc, state))
    for one in judged:
        if one.number not in roles:
            continue
        role, certain = roles[one.number]
        for day, (attendance, likely, verdict) in sorted(one.days.items()):
            sure = min(likely, certain)
            evidence = tuple(_evidence(doc, state, shown, n, "attendance", sure) for n in verdict.sentences)
            found.append(Statement(one.person.name, role, day, attendance, sure, evidence))
    return found


def _judged(state: Context) -> list[_Judged]:
    found: list[_Judged] = []
    persons = dict(enumerate(state.people))
    if state.own is not None and any(v.person == NOBODY for v in state.verdicts):
        persons[NOBODY] = Person(state.own.minister, delegation=state.own.code)
    if any(v.person == WRITER for v in state.verdicts):
        persons[WRITER] = Person(state.writer)
    for number, person in persons.items():
        verdicts = [v for v in state.verdicts if v.person == number]
        if not verdicts or (person.delegation and number not in {state.principal, NOBODY}):
            continue
        days: dict[date, tuple[Attendance, float, Verdict]] = {}
        for verdict in verdicts:
            best = max(range(4), key=lambda i: verdict.probabilities[i])
            if best and (number not in {NOBODY, WRITER} or verdict.probabilities[best] > UNNAMED):
                days[verdict.day] = (Attendance(ATTENDANCE[best]), verdict.probabilities[best], verdict)
        roles = [sum(v.roles[i] for v in verdicts) / len(verdicts) for i in range(4)]
        judged = _Judged(person, number, days, roles)
        # Whoever writes says "I" for many reasons: only a plain "and myself" counts.
        if days and (number != WRITER or _comes_too(judged)):
            found.append(judged)
    return found


def _comes_too(writer: _Judged) -> bool:
    coming = [sure for attendance, sure, _ in writer.days.values() if attendance is not Attendance.NO]
    return writer.roles[0] < WRITES_ONLY and max(coming, default=0.0) > MYSELF


def doubted(said: list[Statement], state: Context) -> bool:
    """Whether the message as a whole shows no availability, and no statement is sure enough to outweigh that."""
    if not said or state.sorts.get("availability", 1.0) >= NO_AVAILABILITY:
        return False
    return max(statement.sureness for statement in said) < OUTWEIGHS


def _replace_principal(judged: list[_Judged], doc: Doc, state: Context) -> int:
    """The number of who is the delegation's minister here. A new minister, named and not on the list, takes what was
    said of "the Minister" without a name."""
    current = NOBODY if state.principal < 0 else state.principal
    mentions = state.people[current].mentions if current != NOBODY else []
    if any(not mention.title for mention in mentions):
        return current
    others = [j for j in judged if j.number not in {state.principal, NOBODY}]
    new = [j for j in others if ROLES[_best(j.roles)] == "minister" or _introduced(doc, state, j.person)]
    if not new:
        return current
    said = next((j for j in judged if j.number == current), None)
    if said is not None:
        for day, value in said.days.items():
            new[0].days.setdefault(day, value)
        judged.remove(said)
    return new[0].number


def _introduced(doc: Doc, state: Context, person: Person) -> bool:
    """Whether words for "new" and the principal's title stand beside the name: "our new Minister, Ms …"."""
    for mention in person.mentions:
        number = sentence_at(doc, mention.start)
        if number < 0:
            continue
        start, end = state.sentences[number]
        near = doc[max(start, mention.start - BESIDE) : min(end, mention.end + BESIDE)]
        around = concepts((token.text for token in near), state.languages[number])
        if "NEW" in around and "MINISTER" in around and "DEPUTY_WORD" not in around:
            return True
    return False


def _best(values: list[float]) -> int:
    return max(range(len(values)), key=lambda i: values[i])


def _roles(judged: list[_Judged], state: Context, minister: int) -> dict[int, tuple[Role, float]]:
    """The role of everybody whose attendance is stated and how sure it is; who is nobody to the conference is left
    out.

    The secretariat's rule: where the principal comes on every day, all others come along; on a day on which the
    principal does not come, the likeliest of those who do heads the delegation; who comes only where the principal
    does leads nothing. Where nothing is said of the principal, the words decide.
    """
    principal = next((j for j in judged if j.number == minister), None)
    others = [j for j in judged if j is not principal and j.roles[0] <= NOT_A_MEMBER]
    by_words = {j.number: Role(ROLES[1 + _best(j.roles[1:])]) for j in others}
    if principal is None:
        return {j.number: (by_words[j.number], _share(j, by_words[j.number])) for j in others}
    said = {day: attendance for day, (attendance, _, _) in principal.days.items()}
    led = {day for day, attendance in said.items() if attendance is Attendance.YES}
    roles: dict[int, tuple[Role, float]] = {principal.number: (Role.MINISTER, 1.0)}
    if led == set(state.days):
        return roles | {j.number: (Role.DELEGATE, 1.0) for j in others}
    heads: set[int] = set()
    for day in (day for day, attendance in said.items() if attendance is Attendance.NO):
        coming = [j for j in others if day in j.days and j.days[day][0] is not Attendance.NO]
        if coming:
            heads.add(max(coming, key=lambda j: j.roles[2] - j.roles[3]).number)
    for one in others:
        role = Role.DELEGATE if by_words[one.number] is Role.DELEGATE else Role.DEPUTY
        if one.number in heads:
            role = Role.DEPUTY
        elif one.attends and (heads or led.issuperset(one.coming)):
            role = Role.DELEGATE
        roles[one.number] = (role, _share(one, role))
    return roles


def _share(one: _Judged, role: Role) -> float:
    """How sure the words are of a role, among the three."""
    return one.roles[ROLES.index(role.value)] / max(1e-9, sum(one.roles[1:]))


def _evidence(doc: Doc, state: Context, shown: Shown, sentence: int, rule: str, sure: float) -> Evidence:
    start, end = state.sentences[sentence]
    return evidence(shown, doc[start:end], rule, sure)


def evidence(shown: Shown, span: Span, rule: str, sure: float = 1.0) -> Evidence:
    """Evidence on the shown text for words of the read text."""
    first, last = shown.place(span.start_char, span.end_char)
    return Evidence(first, last, shown.text[first:last], rule, round(sure, 3))


def calendar(replies: list[Reply], row: Delegation | None, conference: Conference, shown: Shown) -> list[Statement]:
    """An iTIP answer to the conference's own entry speaks for the principal, on the days the entry spans."""
    out: list[Statement] = []
    for reply in replies:
        if reply.method != "REPLY" or reply.attendance is None or row is None:
            continue
        days = [day for day in conference.days if not reply.days or day in reply.days]
        places = [(shown.text.find(words), words) for words in (reply.shown, reply.comment) if words]
        proof = tuple(Evidence(a, a + len(words), words, "iTIP PARTSTAT", CALENDAR) for a, words in places if a >= 0)
        out.extend(Statement(row.minister, Role.MINISTER, day, reply.attendance, CALENDAR, proof) for day in days)
    return out


def merge(said: list[Statement], from_calendar: list[Statement]) -> list[Statement]:
    """Words written beside a calendar answer win where they speak about the same person and day."""
    told = {(s.role, s.day) for s in said if s.role is Role.MINISTER}
    return [s for s in from_calendar if (s.role, s.day) not in told] + said


Asking = list[tuple[int, float, float]]
"""Sentences by number, how much each asks, and how much is needed for a question."""


def asking(doc: Doc, state: Context) -> Asking:
    """The sentences of a text, weighed as questions."""
    return [(number, sure, _needed(doc, number)) for number, sure in state.asking]


def questions(doc: Doc, state: Context, shown: Shown, weighed: Asking) -> list[Question]:
    """The asking sentences as they stand in the message. A question mark, or a phrase that asks, lowers what is
    needed for one."""
    out: list[Question] = []
    for number, sure, needed in weighed:
        if sure < needed:
            continue
        found = _evidence(doc, state, shown, number, "asks", sure)
        text = " ".join(found.text.lstrip("-*•·–— \t").split())
        if len(text) > 3:
            out.append(Question(text, found, state.languages[number]))
    return out


def unclear_question(weighed: Asking) -> bool:
    """Whether a sentence comes so near to what is needed for a question that a person should look."""
    return any(abs(sure - needed) < NEAR for _, sure, needed in weighed)


def _needed(doc: Doc, number: int) -> float:
    state = context(doc)
    start, end = state.sentences[number]
    sentence = doc[start:end].text
    if sentence.rstrip(' )"”»').endswith(("?", ";")) and "?" in sentence:
        return 0.3
    phrase = contains(sentence[:160], of((state.languages[number],), "questions", "asks"))
    if " " in phrase:
        return 0.2
    # An address line or a heading is too short to ask for anything without a question mark.
    return 0.5 if len(sentence.split()) >= SHORTEST_REQUEST else 1.0
