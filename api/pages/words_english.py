"""The pages' texts in English."""

from collections.abc import Mapping
from typing import Final

ENGLISH: Final[Mapping[str, str]] = {
    "switch": "Language",
    "safety": "Never type your mobile money PIN on this page. It is asked only on your phone or on "
    "your operator's own page.",
    "test": "Test: no money moves.",
    "reference": "Reference: {payment_id}",
    "help": "Need help with this payment?",
    "help_title": "What has happened, and what to do",
    "help_shop": "Ask {merchant}, and quote the reference.",
    "help_support": "Help: {contact}",
    "help_operator": "{operator} customer service: {number}",
    "look_again": "Look again",
    # The form
    "form_title": "Pay with mobile money",
    "retry_title": "Not paid",
    "nothing_taken": "No money was taken. You can try again.",
    "phone_label": "Your number",
    "phone_hint": "For example {example}",
    "operator_label": "Your operator",
    "operator_auto": "Recognise it from my number",
    "operator_seen": "Recognised: {operator}",
    "code_summary": "My operator has given me a code",
    "code_label": "One-time code",
    "code_hint": "Only if your operator gave you one for this payment.",
    "code_dial": "{operator}: you usually get it by dialling {dialled} on the phone that pays.",
    "code_menu": "Ask for it in your operator's menu or app.",
    "email_label": "Your e-mail, for the receipt",
    "optional": "(optional)",
    "email_hint": "The receipt is sent once you have paid. Your address is used for nothing else.",
    "next_title": "What happens next",
    "next_prompt": "You will get a prompt on your phone. Confirm it with your PIN; it takes 1 to 2 "
    "minutes.",
    "next_page": "You confirm on the operator's own page, and come back here.",
    "next_code": "A one-time code is needed, which you ask for with your phone. Type it above if "
    "you have it already; if not, this page asks you for it.",
    "next_told": "You confirm on your phone, with a one-time code or on the operator's own page: "
    "this page tells you how.",
    "pay": "Pay {amount}",
    "cancel": "Cancel this payment",
    "minutes_left": "Minutes left to pay: {minutes}",
    # Progress
    "steps": "Progress",
    "step_1": "Your number",
    "step_2": "Request sent",
    "step_3": "Your approval",
    "step_4": "Payment received",
    "step_done": "done",
    "step_now": "now",
    # What became of it
    "sending_title": "Your request is on its way",
    "sending_text": "We are handing it to {operator}. Keep your phone at hand: in a moment "
    "this page tells you what comes next.",
    "confirm_title": "Confirm on your phone",
    "confirm_text": "{operator} asks for your confirmation on the number ending in {ending}. Enter "
    "your PIN there. It takes 1 to 2 minutes, and this page updates by itself.",
    "confirm_hint": "No prompt? Open your operator's menu or app and look for payments that wait "
    "for your approval.",
    "code_title": "Enter your code",
    "code_text": "{operator} asks for a one-time code for this payment. Type it here.",
    "code_none": "I have no code, or want to pay in another way",
    "code_none_text": "Without a code no money is taken. Just wait until {operator} ends this "
    "request: this page then lets you pay with another number or another operator.",
    "code_wrong": "The last code was not accepted. Check it, or get a new one, and type it.",
    "code_send": "Send the code",
    "codes_used_up_title": "No code was accepted",
    "codes_used_up_text": "No other code can be tried for this payment. Wait until it has ended: "
    "this page tells you, and you can try again if no money was taken.",
    "go_title": "Confirm at {operator}",
    "go_text": "You pay on {operator}'s own page, and come back here afterwards.",
    "go_hint": "Have you confirmed already? Then wait here: we are asking {operator}.",
    "go": "Continue to {operator}",
    "asking_title": "We are still asking {operator}",
    "asking_text": "We do not know yet whether the money has moved.",
    "asking_warning": "Do not pay again.",
    "asking_hint": "This page tells you as soon as we know. You may close it, and come back to "
    "this address later.",
    "paid_title": "Paid",
    "paid_text": "Your payment of {amount} to {merchant} has gone through.",
    "paid_at": "Date",
    "paid_with": "Operator",
    "paid_transaction": "Transaction number",
    "paid_keep": "To keep a record, print this page or take a screenshot.",
    "back": "Back to the shop",
    "conflict_title": "We cannot say yet whether you have paid",
    "conflict_text": "The answers of {operator} contradict each other, and a person will look into "
    "it. Ask {merchant}, and quote the reference below.",
    "expired_title": "This page has expired",
    "expired_text": "Nothing was paid here. Ask {merchant} for a new one.",
    "cancelled_title": "Cancelled",
    "cancelled_text": "You have cancelled this payment. No money was taken.",
    "tried_out_title": "Too many tries",
    "tried_out_text": "No money was taken. Ask {merchant} for a new page.",
    # Why no money moved, where no code says it
    "refused_expired": "This payment was not confirmed in time.",
    "refused_failed": "The operator says that this payment has failed.",
    "refused_declined": "The operator has refused this payment.",
    # Mistakes in the form
    "mistake_phone": "This is not a telephone number that can be used here. Check its digits.",
    "mistake_phone_home": "This is not a telephone number that can be used here. Check its digits; "
    "if it is another country's, write + and that country's code first.",
    "mistake_unserved": "This number cannot pay here. Choose its operator below, or use another "
    "number.",
    "mistake_nobody": "This number cannot pay here. Use another number.",
    "mistake_abroad": "Your number is of another country ({country}). Choose your operator among "
    "those of that country, then pay.",
    "mistake_operator": "This operator does not go with the number. Choose another one.",
    "mistake_currency": "The account of this number is in another currency than the one asked for "
    "here. Use another number.",
    "mistake_amount": "This operator does not take such an amount in one payment. Use another "
    "number.",
    "mistake_often": "This number has been asked too often. Wait a minute, then try again.",
    "mistake_code": "A code has 4 to 10 digits. Leave the field empty if you have none.",
    "mistake_code_given": "Type the code that you were given: 4 to 10 digits, no letters.",
    "mistake_email": "This is not an e-mail address. Correct it, or leave the field empty.",
    "mistake_code_unused": "This operator takes no code beforehand. Leave the field empty.",
    # Pages that are no payment's
    "unknown_title": "There is no such page",
    "unknown_text": "This address belongs to no payment. Check it, or ask the shop.",
    "forged_title": "This form cannot be used",
    "forged_text": "It is out of date, or was sent from another site. Nothing was paid by it.",
    "broken_title": "Something went wrong here",
    "broken_text": "If you have just confirmed a payment, do not pay again. Open this page again "
    "in a minute: it says what became of it.",
    "open_again": "Open the page again",
}
