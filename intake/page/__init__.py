"""The page that staff keep open: an aiohttp application, one module a page, templates and static files beside them."""
