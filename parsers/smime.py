"""S/MIME opaque-signed mail (RFC 8551 3.5.2): the content inside the signature, taken out without any certificate."""

from asn1crypto import cms  # type: ignore[import-untyped]  # the library has no types

from parsers.mime import Part

_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
LARGEST = 26_214_400


def is_opaque(part: Part) -> bool:
    """Whether this part may wrap the whole message."""
    return part.media_type in _TYPES or part.name.lower().endswith(".p7m")


def content(part: Part) -> bytes | None:
    """The bytes of the MIME entity inside, or None where the part is encrypted or damaged."""
    if len(part.raw) > LARGEST:
        return None
    try:
        info = cms.ContentInfo.load(part.raw)
        if info["content_type"].native != "signed_data":
            return None
        inner = info["content"]["encap_content_info"]["content"]
        return bytes(inner.native) if inner.native is not None else None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
