"""The room `register`; its page is written with its first working path."""
