"""How laws are tried: no deadline, since a shared machine may be slow without being wrong."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
