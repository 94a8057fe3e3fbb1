"""Where messages come from. Nothing here knows what a message means."""
