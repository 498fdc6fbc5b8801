"""Typesetting: French as it is printed.

French asks for a space before `:`, `;`, `?`, `!` and inside `« »`, at which a line must not end.
Whoever writes a text types a plain one, and it becomes a no-break space here, where nobody can
forget one.
"""

import re


def typeset_french(text: str) -> str:
    """Put no-break spaces where a line must not end; `{seconds} s` is a number and its unit."""
    return re.sub(r" (?=[:;?!»])|(?<=«) |(?<=\}) (?=s\b)", "\N{NO-BREAK SPACE}", text)
