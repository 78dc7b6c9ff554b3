"""Who asks a daemon whose web configuration lets in only whom it knows."""

import base64
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from tm_exporter.clients.trust import TrustSet, TrustStore, TrustUnavailable


_MOST_BYTES = 64 * 1024


class LoginUnusable(Exception):  # noqa: N818 -- a state of files, as the sentence says
    """A file of a login cannot be used; the text says which and why, and no more."""


@dataclass(frozen=True, slots=True)
class Login:
    """
    A name with its password, and certificates.

    Attributes:
        user: For basic authentication; None to show no name.
        password_file: What is in it is the password, less the white space around.
        trust: Whose certificates the daemon may show, and the one to show to it.
    """

    user: str | None = None
    password_file: Path | None = None
    trust: TrustSet = field(default_factory=TrustSet)

    def authorization(self) -> str | None:
        """
        Return the header of that name, None where no user is named.

        Raises:
            LoginUnusable: The password cannot be read.

        Source: RFC 7617.
        """
        if self.user is None or self.password_file is None:
            return None
        pair = f"{self.user}:{_password(self.password_file)}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def context(self) -> ssl.SSLContext:
        """
        Return what verifies a daemon's certificate.

        Raises:
            LoginUnusable: A file cannot be read, or is no certificate.
        """
        try:
            return TrustStore().context(self.trust)
        except TrustUnavailable as error:
            raise LoginUnusable(str(error)) from None


def _password(path: Path) -> str:
    """Read it from whatever can be read, such as a shell's `<(...)`."""
    try:
        with path.open("rb") as file:
            password = file.read(_MOST_BYTES).decode("utf-8-sig").strip()
    except OSError as error:
        raise LoginUnusable(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LoginUnusable(f"{path} is not a text in UTF-8") from None
    if not password:
        raise LoginUnusable(f"{path} is empty")
    return password
