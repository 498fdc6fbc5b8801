"""The payment page as HTML: what it shows for an order in each of its states.

Everything is rendered here, on the server; the page needs no JavaScript, no image, no font and one
style sheet. Whatever came from outside passes through `escape`. Pure: the minutes left, the
payer's mistakes and the address of the form are given.

Colours hold the contrast of WCAG AA, which a test computes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from typing import Final

from adapters.sandbox.orange_books import BookedOrder
from adapters.sandbox.orange_orders import Mistake
from adapters.sandbox.orange_words import Words, amount_text

REFRESH_SECONDS: Final = 2
AMOUNT_LENGTH_MAX: Final = 14
"""Of an amount in large letters: more would not fit on a small telephone."""

STYLE: Final = """\
:root { --ink: #1a1a1a; --soft: #595959; --line: #767676; --paper: #fff; --ground: #f4f2ef;
  --accent: #ff7900; --bad: #b3140b; --bad-ground: #fdecea; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.banner { margin: 0; padding: .4rem 1rem; background: var(--ink); color: #fff;
  font-size: .8125rem; text-align: center; }
main { max-width: 26rem; margin: 0 auto; padding: .75rem 1rem 2rem; }
.bar { display: flex; justify-content: flex-end; font-size: .875rem; }
.bar a { display: inline-block; padding: .35rem .25rem; color: var(--ink); }
.card { background: var(--paper); border-radius: .75rem; border-top: .375rem solid var(--accent);
  padding: 1rem 1rem 1.125rem; box-shadow: 0 1px 3px rgb(0 0 0 / .16); }
h1 { margin: 0 0 .625rem; font-size: 1.25rem; line-height: 1.25; }
.bill { margin: 0 0 1rem; padding: 0 0 .75rem; border-bottom: 1px solid #dedad5; }
.bill dt { color: var(--soft); font-size: .875rem; }
.bill dd { margin: 0; overflow-wrap: anywhere; font-weight: 600; }
.bill .amount { font-size: 1.875rem; font-weight: 700; line-height: 1.2; white-space: nowrap; }
.bill .long { font-size: 1.1875rem; }
.bill .order { font-size: .8125rem; font-weight: 400; color: var(--soft); }
.field { margin: 0 0 .875rem; }
label { display: block; font-weight: 600; }
.hint { margin: 0 0 .25rem; color: var(--soft); font-size: .8125rem; }
input { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; font-size: 1.125rem;
  color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; }
input[name=code] { letter-spacing: .2em; }
input[aria-invalid=true] { border: 2px solid var(--bad); background: var(--bad-ground); }
.mistake { margin: .25rem 0 0; color: var(--bad); font-size: .875rem; font-weight: 600; }
button, .button { display: block; width: 100%; min-height: 3rem; margin: .5rem 0 0;
  padding: .75rem 1rem; font: inherit; font-weight: 700; text-align: center; text-decoration: none;
  color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: .5rem;
  overflow-wrap: anywhere; cursor: pointer; }
.main { background: var(--accent); border-color: var(--accent); }
:focus-visible { outline: 3px solid #005ea5; outline-offset: 2px; }
.left { margin: .75rem 0 0; color: var(--soft); font-size: .8125rem; text-align: center; }
details { margin: 1rem .25rem 0; font-size: .875rem; }
summary { padding: .4rem 0; cursor: pointer; }
table { border-collapse: collapse; }
td { padding: .125rem .75rem .125rem 0; }
@media (min-width: 40rem) { main { padding-top: 2.5rem; } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a page is made of besides its order: the words, and where its links lead."""

    words: Words
    other_language_url: str
    style_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form as the payer last left it; the code is never given back."""

    action_url: str
    minutes_left: int
    one_time_code: str
    tries_left: int
    number: str = ""
    mistakes: Collection[Mistake] = ()


def form_page(sheet: Sheet, order: BookedOrder, form: Form) -> str:
    """Return the page that asks for number and code."""
    words = sheet.words
    of_number = [mistake for mistake in form.mistakes if mistake.startswith("number")]
    of_code = [mistake for mistake in form.mistakes if mistake.startswith("code")]
    number = _field(
        "number",
        (words.number_label, words.number_hint),
        f'type="tel" inputmode="tel" autocomplete="tel" maxlength="24" '
        f'value="{escape(form.number)}"',
        _said(words, of_number, form),
        is_focused=bool(of_number),
    )
    code = _field(
        "code",
        (words.code_label, words.code_hint),
        'type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="12"',
        _said(words, of_code, form),
        is_focused=bool(of_code) and not of_number,
    )
    return _page(
        sheet,
        words.form_title,
        f"""{_bill(words, order)}
<form method="post" action="{escape(form.action_url)}" novalidate>
{number}
{code}
<button class="main" type="submit" name="action" value="confirm">{words.confirm}</button>
<button type="submit" name="action" value="cancel">{words.cancel}</button>
</form>
<p class="left">{words.minutes_left.format(minutes=form.minutes_left)}</p>""",
        after=_trial(words, form.one_time_code),
    )


def waiting_page(sheet: Sheet, order: BookedOrder) -> str:
    """Return the page a payer waits on; it asks for itself again."""
    words = sheet.words
    return _page(
        sheet,
        words.waiting_title,
        f'{_bill(words, order)}\n<p role="status">{words.waiting_text}</p>',
        head=f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">',
    )


def ended_page(sheet: Sheet, order: BookedOrder) -> str:
    """Return the page of an order that is paid, refused or expired, with the way back."""
    words = sheet.words
    match order.status:
        case "SUCCESS":
            title, text, url = words.paid_title, words.paid_text, order.return_url
        case "EXPIRED":
            title, text, url = words.expired_title, words.expired_text, order.cancel_url
        case _:
            text = words.failed_texts.get(order.reason or "", words.failed_text)
            title, url = words.failed_title, order.cancel_url
    back = words.back.format(merchant=order.reference or words.merchant_unnamed)
    return _page(
        sheet,
        title,
        f"""{_bill(words, order)}
<p role="status">{text}</p>
<a class="button main" href="{escape(url)}">{escape(back)}</a>""",
    )


def unknown_page(sheet: Sheet) -> str:
    """Return the page of an address that belongs to no order."""
    return _page(sheet, sheet.words.unknown_title, f"<p>{sheet.words.unknown_text}</p>")


def _page(sheet: Sheet, title: str, content: str, *, head: str = "", after: str = "") -> str:
    words = sheet.words
    return f"""<!doctype html>
<html lang="{words.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{escape(sheet.style_url)}">
{head}</head>
<body>
<p class="banner">{words.banner}</p>
<main>
<nav class="bar"><a href="{escape(sheet.other_language_url)}" lang="{words.other_language}"
hreflang="{words.other_language}">{words.other_language_name}</a></nav>
<div class="card">
<h1>{title}</h1>
{content}
</div>
{after}</main>
</body>
</html>
"""


def _bill(words: Words, order: BookedOrder) -> str:
    amount = amount_text(order.amount, order.currency, words)
    size = "amount long" if len(amount) > AMOUNT_LENGTH_MAX else "amount"
    return f"""<dl class="bill">
<dt>{words.payee}</dt>
<dd>{escape(order.reference or words.merchant_unnamed)}</dd>
<dd class="{size}">{escape(amount)}</dd>
<dd class="order">{words.order} {escape(order.order_id)}</dd>
</dl>"""


def _field(
    name: str, label_and_hint: tuple[str, str], attributes: str, said: str, *, is_focused: bool
) -> str:
    label, hint = label_and_hint
    described_by = f"{name}-hint"
    mistake = ""
    if said:
        described_by += f" {name}-mistake"
        attributes += ' aria-invalid="true"'
        mistake = f'\n<p class="mistake" id="{name}-mistake" role="alert">{escape(said)}</p>'
    if is_focused:
        attributes += " autofocus"
    return f"""<div class="field">
<label for="{name}">{label}</label>
<p class="hint" id="{name}-hint">{hint}</p>
<input id="{name}" name="{name}" {attributes} required aria-describedby="{described_by}">{mistake}
</div>"""


def _said(words: Words, mistakes: Collection[Mistake], form: Form) -> str:
    return " ".join(words.mistakes[mistake].format(tries=form.tries_left) for mistake in mistakes)


def _trial(words: Words, one_time_code: str) -> str:
    """Return the help for trying out; the real page has none, but this one moves no money."""
    rows = "\n".join(
        f"<tr><td>{'…' + digits if digits else ''}</td><td>{escape(text)}</td></tr>"
        for digits, text in words.try_numbers.items()
    )
    return f"""<details>
<summary>{words.try_title}</summary>
<p>{words.try_code.format(code=one_time_code)}</p>
<table>
{rows}
</table>
</details>
"""
