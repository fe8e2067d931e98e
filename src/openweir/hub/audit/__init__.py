"""Audit: every request for bytes, in a chain that shows each change to it.

In: events, from any number of replicas at once. Out: a chain without gaps, signed
checkpoints, an export that anyone with the key checks. Never: makes one request wait for
another's entry, or lets a byte of a file out before the event that says so is written.

    event     one event, and the hash that binds it to the one before
    journal   written before the bytes go out; survives the process being killed
    chain     the events in the database, numbered and hashed in batches
    recorder  both, composed: what the endpoints use
    verify    an export, checked without the hub
"""

from openweir.hub.audit.event import AccessEvent, Repeated
from openweir.hub.audit.recorder import Recorder, signing_key
from openweir.hub.audit.verify import Report, verify_export

__all__ = ["AccessEvent", "Recorder", "Repeated", "Report", "signing_key", "verify_export"]
