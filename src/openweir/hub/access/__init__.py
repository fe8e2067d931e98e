"""Access: who may pass a gate, by which published rules.

In: a publisher's rules, requests with a declared purpose, signed visas. Out: a level of
knowing the requester, the instant up to which that holds, and public statistics. Never: a
rule that is not published, a panel that the publisher sits on, or a recipient's name in the
public register.

    terms      purposes and conditions as terms: GA4GH DUO's, and our own for models
    rules      what a gate asks, published before anybody asks
    form       the fields a model card states, and answers to them
    lasting    whether a grant meets the rules of today
    visas      GA4GH Passport visas: read, checked, and how long they carry
    passports  the hub as a client of an OpenID provider that holds visas
    gates      rules and visas in the database
    statistics how a gate was used, for everybody
"""

from openweir.hub.access.rules import GateRules, Panel
from openweir.hub.access.terms import Term, terms
from openweir.hub.access.visas import Visa, level_of

__all__ = ["GateRules", "Panel", "Term", "Visa", "level_of", "terms"]
