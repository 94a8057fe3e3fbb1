"""The whole service with sample mail: an embedded IMAP server and everything that `intake serve` runs; no account."""
