"""Certificates made for a test: an authority of its own, and what it vouches for."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class CertificateAuthority:
    """Vouches for names. `folder` gets its own certificate, NAME.pem: `path`."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.path = folder / f"{name}.pem"
        made = (self._builder(self.subject, self.key, datetime.datetime.utcnow() + DAY)
                .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(self.key, hashes.SHA256()))
        self.path.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject, key, ends):
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.subject).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(ends - 7 * DAY).not_valid_after(ends))

    def vouch_for_itself(self, *names):
        """The same with its own key: nobody else does."""
        return self._write(self.key, self.subject, names, datetime.datetime.utcnow() + DAY)

    def vouch(self, *names, has_expired=False):
        """For hosts or addresses. Returns the file, with the key and the certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        ends = datetime.datetime.utcnow() + (-DAY if has_expired else DAY)
        return self._write(key, subject, names, ends)

    def _write(self, key, subject, names, ends):
        known_as = x509.SubjectAlternativeName([general_name(name) for name in names])
        made = self._builder(subject, key, ends).add_extension(known_as, False).sign(self.key, hashes.SHA256())
        path = self.folder / f"{made.serial_number:x}.pem"
        path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption())
                         + made.public_bytes(serialization.Encoding.PEM))
        return path


def general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
