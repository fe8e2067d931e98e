"""YAML that every reader takes for the same text: values quoted, nothing resolved, no aliases."""

from typing import Any

import yaml

__all__ = ["write_yaml"]


def write_yaml(document: object) -> bytes:
    """Return a document of mappings, lists and text; None becomes an empty value.

    Keys stay in their order. Every text value is quoted, so that no reader takes `NO`,
    `1e25` or a date for something else.
    """
    text = yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1_000_000,
        default_flow_style=False,
    )
    return str(text).encode()


class _Dumper(yaml.SafeDumper):
    """Quotes values and leaves keys bare."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
        node = super().represent_mapping(tag, mapping, flow_style)
        for key, value in node.value:
            key.style = None
            _quote(value)
        return node

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        node = super().represent_sequence(tag, sequence, flow_style)
        for item in node.value:
            _quote(item)
        return node

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _quote(node: yaml.Node) -> None:
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str":
        node.style = '"'


def _nothing(dumper: yaml.SafeDumper, _: None) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:null", "")


_Dumper.add_representer(type(None), _nothing)
