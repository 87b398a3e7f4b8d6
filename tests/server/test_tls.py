"""The server speaks TLS with Jupyter's own options."""

from __future__ import annotations

import http.client
import ssl
import subprocess

from running_server import TOKEN, serving

REQUEST = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
    "-subj /CN=beaker -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
)


def test_a_request_over_tls_is_answered(tmp_path):
    subprocess.run(REQUEST.split(), cwd=tmp_path, check=True, capture_output=True)
    options = ("--ServerApp.keyfile=key.pem", "--ServerApp.certfile=cert.pem")
    with serving(tmp_path, *options, JUPYTER_TOKEN=TOKEN) as server:
        trusting = ssl.create_default_context(cafile=tmp_path / "cert.pem")
        connection = http.client.HTTPSConnection(server.host, server.port, context=trusting)
        own = f"https://{server.host}:{server.port}"
        connection.request(
            "GET", "/api/me", headers={"Authorization": f"token {TOKEN}", "Origin": own}
        )
        answer = connection.getresponse()
        answer.read()
        connection.close()
    assert answer.status == 200
