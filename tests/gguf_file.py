"""Build GGUF files in memory, good ones and hostile ones."""

import struct

_KINDS = {
    "u32": (4, "<I"),
    "u64": (10, "<Q"),
    "i32": (5, "<i"),
    "f32": (6, "<f"),
    "bool": (7, "<?"),
}


def text(value: str | bytes) -> bytes:
    """Return a GGUF string."""
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def key(name: str, value, kind: str = "") -> bytes:
    """Return one key: text, flag, integer, or a list of texts or integers."""
    if isinstance(value, str):
        return text(name) + struct.pack("<I", 8) + text(value)
    if isinstance(value, bool):
        return text(name) + struct.pack("<I?", 7, value)
    if isinstance(value, int):
        number, form = _KINDS[kind or "u32"]
        return text(name) + struct.pack("<I", number) + struct.pack(form, value)
    if value and isinstance(value[0], str):
        body = struct.pack("<IQ", 8, len(value)) + b"".join(map(text, value))
    else:
        body = struct.pack("<IQ", 5, len(value)) + struct.pack(f"<{len(value)}i", *value)
    return text(name) + struct.pack("<I", 9) + body


def tensor(name: str, kind: int, shape: list[int], offset: int) -> bytes:
    """Return one tensor record; the fastest axis first, as the format has it."""
    return (
        text(name)
        + struct.pack("<I", len(shape))
        + struct.pack(f"<{len(shape)}Q", *shape)
        + struct.pack("<IQ", kind, offset)
    )


def gguf(keys=(), tensors=(), *, version=3, data=0, counts=None, alignment=32) -> bytes:
    """Return a file with these encoded keys and tensors and `data` bytes of zeros."""
    tensor_count, key_count = counts or (len(tensors), len(keys))
    head = b"GGUF" + struct.pack("<IQQ", version, tensor_count, key_count)
    head += b"".join(keys) + b"".join(tensors)
    return head + bytes(-len(head) % alignment) + bytes(data)


def small_model(**more) -> bytes:
    """Return a small Llama of one F32 and one Q4_0 tensor: 64 + 2048 parameters."""
    keys = {
        "general.architecture": "llama",
        "general.license": "apache-2.0",
        "llama.context_length": 2048,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": ["a", "b", "c"],
        "tokenizer.chat_template": "{{ messages[0].content }}",
    } | more
    return gguf(
        [key(name, value) for name, value in keys.items()],
        [tensor("norm.weight", 0, [64], 0), tensor("up.weight", 2, [64, 32], 256)],
        data=256 + 2048 // 32 * 18,
    )
