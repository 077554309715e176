"""When an agency is open, and when a clock that counts its days runs out: the network's calendars, by our own name."""

from shared.workflow.calendars import LONGEST_CLOSURE, WORKDAYS, Calendar, Opening, Span, after_days, calendar_of, due

__all__ = ["LONGEST_CLOSURE", "WORKDAYS", "Calendar", "Opening", "Span", "after_days", "calendar_of", "due"]
