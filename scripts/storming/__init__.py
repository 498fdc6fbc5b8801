"""A storm over every rail: payments, payouts and refunds, and then the books side by side."""
