"""What the webhooks of the image share: a server of reviews, over TLS where a certificate is named."""

from typing import TYPE_CHECKING

from k8s_tutor.sim.runtime.programs.agnhost.command import Flags, fatal
from k8s_tutor.sim.runtime.programs.agnhost.secure import Answer, listen_http

if TYPE_CHECKING:
    from k8s_tutor.sim.runtime.processes import Process

PLAIN = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}


async def serve_reviews(process: "Process", flags: Flags, answer: Answer) -> int:
    """Serve on the flags' port, with the flags' certificate, until the process ends."""
    try:
        served = listen_http(process, int(flags["port"]), answer, flags["tls-cert-file"], flags["tls-private-key-file"])
    except OSError as error:
        return await fatal(process, f"open {flags['tls-cert-file']}: {error}")
    if not served:
        return await fatal(process, f"panic: listen tcp :{flags['port']}: bind: address already in use")
    await process.forever()
    return 0
