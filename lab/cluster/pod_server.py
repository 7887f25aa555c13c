"""What runs in a pod: an HTTP server that answers every GET with the pod's name, and an echo of UDP.

Both are on the same port, HTTP of both families. Run as a file, `python -I pod_server.py NAME PORT`: it
imports nothing of the lab.
"""

import contextlib
import os
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


def echo(port: int) -> None:
    """Send every datagram back, until the process ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("", port))
        while True:
            datagram, sender = own.recvfrom(2048)
            try:
                own.sendto(datagram, sender)
            except OSError:
                # Without a way back it is lost, which whoever sent it sees.
                continue


def main(name: str, port: int) -> None:
    """Serve until the process ends."""
    # What is measured by it is the network, not how long a process waits for a processor.
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    answer = f"{name}\n".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6
        # Five, the default, are too few when many come at once on a busy machine.
        request_queue_size = 128

        def server_bind(self) -> None:
            # Both families, whatever the machine's default is.
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            super().server_bind()

    Thread(target=echo, args=(port,), daemon=True).start()
    Server(("", port), Handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
