"""The room `trial`; its page is written with its first working path."""
