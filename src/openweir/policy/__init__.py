"""The room `policy`; its page is written with its first working path."""
