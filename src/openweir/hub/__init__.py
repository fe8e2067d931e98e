"""The room `hub`; its page is written with its first working path."""
