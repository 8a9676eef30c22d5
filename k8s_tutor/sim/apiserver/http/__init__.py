"""A small HTTP/1.1 server on asyncio's transports.

Why not a web framework: importing aiohttp costs half a second of CPU, the whole start-up budget of the cluster; and
nearly all API requests are answered without waiting, so that no task a request is needed.
"""
