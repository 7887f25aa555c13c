"""What runs in a pod: an HTTP server that answers every GET with the pod's name.

Run as a file, `python -I pod_server.py NAME PORT`: it imports nothing of the lab.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def main(name: str, port: int) -> None:
    """Serve until the process ends."""
    answer = f"{name}\n".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    ThreadingHTTPServer(("", port), Handler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
