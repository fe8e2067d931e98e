"""The room `documents`; its page is written with its first working path."""
