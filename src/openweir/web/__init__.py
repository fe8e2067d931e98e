"""The room `web`; its page is written with its first working path."""
