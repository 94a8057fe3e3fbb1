"""The availability intake service: a mailbox in, a true table out."""
