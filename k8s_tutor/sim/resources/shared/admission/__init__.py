"""Rules that admission policies and webhooks share."""
