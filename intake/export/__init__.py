"""Rows of the register as files: CSV, JSON, XLSX, ICS, and the JSON lines of the commands."""
