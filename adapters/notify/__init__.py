"""Messages that leave: what merchants and people are told, without having asked."""
