"""The room `attest`; its page is written with its first working path."""
