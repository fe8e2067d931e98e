"""The room `weights`; its page is written with its first working path."""
