"""Faults on the way to the service, and up to the header of its answer."""

from tm_exporter.fault_matrix.row import alike, cut
from tm_exporter.observation import Reason


BEFORE = (
    *alike(Reason.CONFIGURATION, {
        "ca-missing": "the file of authorities is missing",
        "secret-missing": "the credential cannot be read",
        "secret-with-line-feed": "the credential has a line feed in it",
        "no-descriptor": "no file descriptor is left",
    }),
    *alike(Reason.DNS, {
        "name-unknown": "the name does not resolve",
        "name-without-address": "the name has no address",
        "name-hangs": "the resolver does not answer in time",
    }),
    *alike(None, {
        "name-flaps": "the name does not resolve; the next run finds it",
        "name-slow": "the resolver takes a while",
    }),
    *alike(Reason.PROXY, {
        "proxy-refused": "nothing listens where the proxy should be",
        "proxy-deaf": "the proxy's address does not answer",
        "proxy-407": "the proxy wants a password (407)",
        "proxy-refuses": "the proxy refuses CONNECT (403)",
        "proxy-bad-gateway": "the proxy answers CONNECT with 502",
        "proxy-closes": "the proxy closes in the middle of its answer",
        "proxy-resets": "the proxy resets the connection",
        "proxy-rubbish": "the proxy answers something that is not HTTP",
        "proxy-endless-header": "the header of the proxy's answer does not end",
        "proxy-silent": "the proxy says nothing",
    }),
    *alike(Reason.TLS, {
        "proxy-dies-early": "the tunnel breaks before the handshake",
    }),
    *cut(Reason.CONNECTION_LOST, Reason.STREAM_TRUNCATED, {
        "proxy-dies": "the tunnel breaks in the middle of the answer",
    }),
    *alike(None, {"proxy-good": "a proxy connects"}),
    *alike(Reason.CONNECT_REFUSED, {
        "refused": "nothing listens on the port",
        "last-address-refused": "of two addresses one is silent, the last refuses",
    }),
    *alike(Reason.CONNECT_TIMEOUT, {
        "black-hole": "the address does not answer: the queue of connections is full",
    }),
    *alike(Reason.CONNECT_FAILED, {"unreachable": "there is no way to the address"}),
    *alike(None, {
        "first-address-refused": "of two addresses the first refuses",
        "first-address-dead": "of two addresses the first does not answer",
    }),
    *alike(Reason.TLS, {
        "tls-expired": "the certificate expired",
        "tls-wrong-name": "the certificate has another name",
        "tls-unknown-authority": "the certificate is of an unknown authority",
        "tls-old-protocol": "the server speaks nothing newer than TLS 1.1",
        "tls-plain": "the port speaks plain HTTP",
        "tls-closed": "the handshake is closed",
        "tls-reset": "the handshake is reset",
        "tls-silent": "the handshake goes silent",
        "tls-wants-certificate": "the server wants a client certificate",
    }),
    *alike(None, {"tls-good": "the certificate is good"}),
)  # fmt: skip

HEAD = (
    *alike(Reason.TIMEOUT, {
        "silent": "the request is taken and never answered",
        "unread": "the request is not even read",
        "head-stops": "the header stops in its middle",
        "head-drips-too-slowly": "the header comes byte by byte, too slowly",
    }),
    *alike(Reason.CONNECTION_LOST, {
        "closed": "the connection is closed without an answer",
        "reset": "the connection is reset without an answer",
        "head-cut": "the connection is closed in the middle of the header",
        "closed-after-100": "the connection is closed after an interim answer",
    }),
    *alike(Reason.PROTOCOL, {
        "not-http": "the answer is another protocol's greeting",
        "tls-on-plain-port": "a port that is spoken to in plain answers in TLS",
        "http2": "the answer is HTTP/2",
        "bad-status-line": "the status is no number",
        "bad-header": "a header has no colon",
        "two-lengths": "the header has two different lengths",
        "bad-length": "the length is no number",
        "unknown-transfer-coding": "the transfer coding is unknown",
        "switches-protocols": "the answer is 101, which nobody asked for",
        "huge-header": "one header is over the limit",
        "many-headers": "the headers together are over the limit",
        "header-lines": "there are more headers than the limit",
        "endless-header": "one header does not end",
        "endless-headers": "the headers do not end",
        "endless-100": "interim answers (100 Continue) do not end",
    }),
    *alike(None, {
        "100-continue": "an interim answer (100 Continue) comes first",
        "early-hints": "an interim answer (103) comes first",
        "header-letters": "a header has letters that are not ASCII",
        "head-drips": "the header comes byte by byte, in time",
        "length-and-chunks": "the header has a length, and the body comes in chunks",
        "kept-open": "the connection is kept open after the answer",
        "closed-when-idle": "a kept connection is closed just when the next run begins",
        "http-1.0": "the answer is HTTP/1.0 and ends with the connection",
    }),
)  # fmt: skip
