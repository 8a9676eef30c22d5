"""The HTTPS API server: transport, negotiation, routing, streams."""
