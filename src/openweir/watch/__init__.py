"""The room `watch`; its page is written with its first working path."""
