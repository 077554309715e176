"""From the categories of other directories to our needs, by the words in their names. Unknown ones are `community`.

Open Eligibility has 101 to 111 for what is offered and 112 on for whom: only the first say what a program helps with.
"""

import re
from collections.abc import Iterable

# In this order: "Help Pay for Food" is food before it is money, "Job Training" work before it is education.
RULES: tuple[tuple[str, str], ...] = (
    ("documents", r"identification|birth (certificate|record)|vital record|state id\b|passport"),
    ("phone", r"internet or phone|cell ?phone|telephone assist|\bphones?\b"),
    ("transport", r"\btransit\b|transport|bus pass|\bgas\b|\brides?\b"),
    ("food", r"food|meal|nutrition|pantry|grocer|community garden|diaper|formula"),
    ("substance_use", r"substance|sober|addict|detox|opioid|alcohol|drug|methadone|narcotic"),
    ("mental_health", r"mental|psych|suicide|bereave|grief|trauma|behavioral health"
                      r"|(?<!credit )(?<!housing )(?<!foreclosure )(?<!career )(?<!legal )(?<!tax )counsell?ing"),
    ("housing", r"hous|shelter|\brent|homeless|foreclosure|homebuyer|residential|transitional living|eviction"),
    ("legal", r"legal|law\b|lawyer|attorney|court|citizenship|immigra|civil rights|guardianship|expunge|mediation"
              r"|advocacy|representation|workplace rights|discriminat|notary"),
    ("mentoring", r"mentor|peer support|one-on-one support"),
    ("work", r"\bwork(?!ing with)|\bjobs?\b|employ|resume|interview training|career|vocational|workforce"),
    ("family", r"child|parent|famil|adoption|foster|preschool|day ?care|day camp|caregiver|\bbaby|before school"
               r"|afterschool|postnatal|maternity|toys"),
    ("health", r"health|medical|dental|vision|clinic|hospital|physician|nurs|hospice|therapy|prescription|disease|hiv"
               r"|aids\b|vaccin|pregnan|fertility|birth control|checkup|pain management|disabilit|primary care"),
    ("education", r"educat|school|\bged\b|literacy|tutor|\besl\b|english as|computer class|skills & training|college"
                  r"|foreign language|training"),
    ("money", r"money|pay for|financ|benefit|insurance|\btax|credit|saving|\bcash|retirement|\bloans?\b|utilit"
              r"|government program"),
)  # fmt: skip
_COMPILED = tuple((need, re.compile(pattern)) for need, pattern in RULES)
_OPEN_ELIGIBILITY = re.compile(r"(\d{3})(-\d{2})*")


def need_of(name: str) -> str | None:
    """The need that one category's name speaks of; None where it names none that we know."""
    plain = " ".join(name.lower().split())
    return next((need for need, pattern in _COMPILED if pattern.search(plain)), None)


def needs_of(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Needs of several categories, each given by its own name and then those above it: the nearest that says one."""
    found: dict[str, None] = {}
    for path in names:
        need = next((need for name in path if (need := need_of(name))), None)
        if need is not None:
            found[need] = None
    return tuple(found) or ("community",)


def says_what(code: str) -> bool:
    """Whether a category of Open Eligibility is about what is offered; a code of another scheme is taken to be."""
    match = _OPEN_ELIGIBILITY.fullmatch(code)
    return match is None or 101 <= int(match[1]) <= 111
