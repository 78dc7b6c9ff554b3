"""
Scrape the exporter at an address, and look at what it answers.

arguments: HOST:PORT plain|protected [SECONDS]

It asks again for some seconds, as a pod that has just started takes a while.
"""  # noqa: INP001  # a script, not a module

import http.client
import ssl
import sys
import time


def fetch(connection: http.client.HTTPConnection, path: str) -> tuple[int, str]:
    """Return status and text, and close the connection."""
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def plain(address: str) -> http.client.HTTPConnection:
    """Return a connection without TLS."""
    return http.client.HTTPConnection(address, timeout=5)


def unverified() -> ssl.SSLContext:
    """Return a context that accepts any certificate: only the exporter is asked."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def wrong(address: str) -> str:
    """Return what is wrong with an exporter that all may scrape, empty if nothing."""
    status, page = fetch(plain(address), "/metrics")
    if status != 200:
        return f"/metrics answers {status}"
    for family in ("tensormesh_exporter_build_info", "tensormesh_target_info"):
        if f"\n{family}{{" not in page:
            return f"/metrics has no {family}"
    status, _ = fetch(plain(address), "/-/healthy")
    return "" if status == 200 else f"/-/healthy answers {status}"


def unprotected(address: str) -> str:
    """Return what is wrong with an exporter that asks who scrapes, empty if nothing."""
    connection = http.client.HTTPSConnection(address, timeout=5, context=unverified())
    try:
        connection.connect()
    except ssl.SSLError as error:
        if "ALERT" in str(error):  # it misses our certificate
            return ""
        status, page = fetch(plain(address), "/metrics")
    else:
        try:
            status, page = fetch(connection, "/metrics")
        except OSError:  # TLS 1.3 says only now that it misses a certificate
            return ""
    if status == 401 or (status == 200 and "tensormesh_exporter_build_info" in page):
        return ""
    return f"/metrics answers {status}"


def main(address: str, form: str, seconds: str = "60") -> int:
    """Ask until all is well or the time is up; the exit status."""
    end = time.monotonic() + float(seconds)
    while True:
        try:
            fault = (wrong if form == "plain" else unprotected)(address)
        except (OSError, http.client.HTTPException) as error:
            fault = f"no answer: {error}"
        if not fault or time.monotonic() > end:
            break
        time.sleep(1)
    sys.stdout.write(f"{address}: {fault or 'scraped, all is well'}\n")
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
