"""Streams to containers: WebSocket channels for exec, attach and port-forward, and SPDY tunnelled in a WebSocket."""
