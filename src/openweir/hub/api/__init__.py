"""The hub's endpoints: HTTP words in, HTTP words out.

`reply` holds the one table of statuses; each other file holds the endpoints of
one concern; `routes` names them all. Contract of the Hugging Face surface: the
source of huggingface_hub 2.4.
"""
