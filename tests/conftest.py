"""Fixtures that several test modules share."""

from page_service import chromium, page_service

__all__ = ["chromium", "page_service"]
