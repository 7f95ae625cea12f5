"""Tokens that somebody made by hand to be let in: each with the code that refuses it."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aws_endpoint import ISSUER, SUBJECT, Issuer
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from irsa_sandbox.issuer import SigningKeys, key_id

INVALID = "InvalidIdentityToken"
EXPIRED = "ExpiredTokenException"
VALIDATION = "ValidationError"


@dataclass(frozen=True)
class Trick:
    """A token, how it is made, and the code of the refusal."""

    name: str
    make: Callable[[Issuer], str]
    code: str = INVALID


def encode(content: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def raw(issuer: Issuer, header: str, claims: str) -> str:
    """A token over just these texts, with a good RS256 signature of the issuer."""
    signed = f"{encode(header.encode())}.{encode(claims.encode())}"
    return f"{signed}.{encode(_rs256(issuer.keys, signed.encode()))}"


def _rs256(keys: SigningKeys, content: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return keys.current.private_key.sign(content, PKCS1v15(), SHA256())  # type: ignore[union-attr]


def header_of(issuer: Issuer, **changes: Any) -> str:
    """The header of a good token, changed; None takes a member away."""
    header = {"alg": "RS256", "kid": key_id(issuer.keys.current)} | changes
    return json.dumps({name: value for name, value in header.items() if value is not None})


def with_header(**changes: Any) -> Callable[[Issuer], str]:
    """A token whose header is changed, with a good signature over it."""
    return lambda issuer: raw(issuer, header_of(issuer, **changes), json.dumps(issuer.claims()))


def with_claims(**changes: Any) -> Callable[[Issuer], str]:
    """A token whose claims are changed, with a good signature."""
    return lambda issuer: issuer.token(**changes)


def shifted(**seconds: int) -> Callable[[Issuer], str]:
    """A token whose times are so many seconds from now."""
    return lambda issuer: issuer.token(
        **{name: int(issuer.clock.time()) + value for name, value in seconds.items()}
    )


def spelt(claims: Callable[[dict[str, Any]], str]) -> Callable[[Issuer], str]:
    """A token whose claims are spelt out by hand, with a good signature."""
    return lambda issuer: raw(issuer, header_of(issuer), claims(issuer.claims()))


def edited(edit: Callable[[str], str]) -> Callable[[Issuer], str]:
    """A good token, changed after it was signed."""
    return lambda issuer: edit(issuer.token())


def _unsecured(name: str) -> Callable[[Issuer], str]:
    def make(issuer: Issuer) -> str:
        header = header_of(issuer, alg=name)
        return f"{encode(header.encode())}.{encode(json.dumps(issuer.claims()).encode())}."

    return make


def _hmac_with_public_key(issuer: Issuer) -> str:
    """The old confusion of RS and HS: the public key, in PEM, as the shared secret."""
    header = header_of(issuer, alg="HS256")
    signed = f"{encode(header.encode())}.{encode(json.dumps(issuer.claims()).encode())}"
    secret = issuer.keys.current.as_pem(private=False)
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


def _signed_by(
    key: RSAKey | ECKey | OctKey, algorithm: str, **header: Any
) -> Callable[[Issuer], str]:
    def make(issuer: Issuer) -> str:
        full = {"alg": algorithm, "kid": key_id(issuer.keys.current)} | header
        registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        return jws.serialize_compact(
            full, json.dumps(issuer.claims()), key, algorithms=[algorithm], registry=registry
        )

    return make


def _embedded_key(issuer: Issuer) -> str:
    """Signed with a key that the token itself brings along."""
    return _signed_by(_FOREIGN, "RS256", jwk=_FOREIGN.as_dict(private=False))(issuer)


def _swapped_claims(issuer: Issuer) -> str:
    """The signature of one token under the claims of another."""
    head, _, signature = issuer.token().split(".")
    other = issuer.token(sub="system:serviceaccount:kube-system:admin").split(".")[1]
    return f"{head}.{other}.{signature}"


def _signature_only_issuer_dot(issuer: Issuer) -> str:
    return issuer.token(iss=ISSUER + ".evil.example")


def _nested(claims: dict[str, Any]) -> str:
    return json.dumps(claims)[:-1] + ', "deep": ' + "[" * 4_000 + "]" * 4_000 + "}"


def _duplicate(name: str, value: str) -> Callable[[dict[str, Any]], str]:
    return lambda claims: json.dumps(claims)[:-1] + f', "{name}": {value}' + "}"


def _number(name: str, text: str) -> Callable[[dict[str, Any]], str]:
    def spell(claims: dict[str, Any]) -> str:
        return json.dumps(claims | {name: "@"}).replace('"@"', text)

    return spell


_FOREIGN = RSAKey.generate_key(2048)
_CURVE = ECKey.generate_key("P-256")
_SMALL = "a.b.c"

TRICKS = [
    Trick("algorithm none", _unsecured("none")),
    Trick("algorithm None, odd case", _unsecured("NoNe")),
    Trick("algorithm none, a signature all the same", with_header(alg="none")),
    Trick("HS256 with the public key as secret", _hmac_with_public_key),
    Trick(
        "HS256 with an empty secret's size of key", _signed_by(OctKey.import_key("a" * 32), "HS256")
    ),
    Trick("PS256, which STS does not take", _signed_by(_FOREIGN, "PS256")),
    Trick("RS512 named for a key that is for RS256", with_header(alg="RS512")),
    Trick("ES256 named for an RSA key", _signed_by(_CURVE, "ES256")),
    Trick("algorithm missing", with_header(alg=None)),
    Trick("algorithm a list", with_header(alg=["RS256"])),
    Trick("algorithm in lower case", with_header(alg="rs256")),
    Trick("another key under the same kid", _signed_by(_FOREIGN, "RS256")),
    Trick("a key embedded in the token", _embedded_key),
    Trick("a key set URL in the token", with_header(jku="https://evil.example/keys")),
    Trick("a certificate URL in the token", with_header(x5u="https://evil.example/cert")),
    Trick("a certificate in the token", with_header(x5c=["MIIB"])),
    Trick("an unknown kid", with_header(kid="nobody")),
    Trick("no kid, though there is one key only", with_header(kid=None)),
    Trick("an empty kid", with_header(kid="")),
    Trick("a kid that is a path", with_header(kid="../../../../dev/null")),
    Trick("a kid that is a number", with_header(kid=1)),
    Trick("a critical extension", with_header(crit=["exp"], exp=1)),
    Trick("an empty list of critical extensions", with_header(crit=[])),
    Trick("an unencoded payload", with_header(b64=False, crit=["b64"])),
    Trick("an encrypted token's header", with_header(enc="A256GCM")),
    Trick("a type that is no JWT", with_header(typ="JOSE")),
    Trick("a content type", with_header(cty="JWT")),
    Trick("a compressed payload", with_header(zip="DEF")),
    Trick("a header of 6,000 characters", with_header(kid="k" * 6_000)),
    Trick(
        "duplicate sub, the second one better",
        spelt(_duplicate("sub", '"system:serviceaccount:kube-system:admin"')),
    ),
    Trick("duplicate aud", spelt(_duplicate("aud", '"sts.amazonaws.com"'))),
    Trick("duplicate exp", spelt(_duplicate("exp", "9999999999"))),
    Trick(
        "duplicate alg in the header",
        lambda issuer: raw(
            issuer,
            header_of(issuer)[:-1] + ', "alg": "none"}',
            json.dumps(issuer.claims()),
        ),
    ),
    Trick("duplicate member deep inside", spelt(_duplicate("x", '{"a": 1, "a": 2}'))),
    Trick("exp as text", spelt(_number("exp", '"9999999999"'))),
    Trick("exp with a fraction", spelt(_number("exp", "9999999999.5"))),
    Trick("exp with an exponent", spelt(_number("exp", "1e20"))),
    Trick("exp not a number", spelt(_number("exp", "NaN"))),
    Trick("exp infinite", spelt(_number("exp", "Infinity"))),
    Trick("exp true", spelt(_number("exp", "true"))),
    Trick("exp beyond a long", spelt(_number("exp", "1" * 30))),
    Trick("exp of 5,000 digits", spelt(_number("exp", "1" * 5_000))),
    Trick("exp missing", with_claims(exp=None)),
    Trick("iat missing", with_claims(iat=None)),
    Trick("iat as text", with_claims(iat="now")),
    Trick("nbf as text", with_claims(nbf="now")),
    Trick("iss missing", with_claims(iss=None)),
    Trick("sub missing", with_claims(sub=None)),
    Trick("aud missing", with_claims(aud=None)),
    Trick("expired a second ago", shifted(exp=-1), EXPIRED),
    Trick("expires this very second", shifted(exp=0), EXPIRED),
    Trick("issued long ago and still good", shifted(iat=-441_398), EXPIRED),
    Trick("not valid before an hour from now", shifted(nbf=3_600)),
    Trick("issued an hour from now", shifted(iat=3_600)),
    Trick("another issuer", with_claims(iss="https://accounts.example.com")),
    Trick("the issuer with a slash at its end", with_claims(iss=ISSUER + "/")),
    Trick("the issuer over http", with_claims(iss=ISSUER.replace("https", "http"))),
    Trick("the issuer in capitals", with_claims(iss=ISSUER.upper())),
    Trick("the issuer without its scheme", with_claims(iss=ISSUER.removeprefix("https://"))),
    Trick("an issuer that begins like ours", _signature_only_issuer_dot),
    Trick("an issuer that is a list", with_claims(iss=[ISSUER])),
    Trick("another audience", with_claims(aud=["https://kubernetes.default.svc"])),
    Trick("the audience misspelt", with_claims(aud=["sts.amazon.com"])),
    Trick("the audience with a blank at its end", with_claims(aud=["sts.amazonaws.com "])),
    Trick("an empty list of audiences", with_claims(aud=[])),
    Trick("an audience in a list in a list", with_claims(aud=[["sts.amazonaws.com"]])),
    Trick("an audience that is an object", with_claims(aud={"sts.amazonaws.com": True})),
    Trick("an azp that the provider does not know", with_claims(azp="somebody")),
    Trick("an azp that is a list", with_claims(azp=["sts.amazonaws.com"])),
    Trick("a subject that is a list", with_claims(sub=[SUBJECT])),
    Trick("an empty subject", with_claims(sub="")),
    Trick("a subject longer than STS can answer with", with_claims(sub="s" * 256)),
    Trick("claims that are a list", spelt(lambda _: "[]")),
    Trick("claims that are text", spelt(lambda _: '"text"')),
    Trick("claims that are no JSON", spelt(lambda _: "{'iss': 1}")),
    Trick("claims with something after them", spelt(lambda claims: json.dumps(claims) + "{}")),
    Trick("claims nested thousands deep", spelt(_nested)),
    Trick("claims of one under the signature of another", _swapped_claims),
    Trick("a signature cut short", edited(lambda token: token[:-4])),
    Trick("no signature", edited(lambda token: token.rpartition(".")[0] + ".")),
    Trick("two parts", edited(lambda token: token.rpartition(".")[0])),
    Trick("four parts", edited(lambda token: token + ".e30")),
    Trick("five parts, as an encrypted token has", edited(lambda token: token + ".e30.e30")),
    Trick("padding", edited(lambda token: token + "==")),
    Trick("the plain base64 alphabet", edited(lambda token: token[:-6] + "+/+/+/")),
    Trick("a newline at the end", edited(lambda token: token + "\n")),
    Trick("a blank in front", edited(lambda token: " " + token)),
    Trick("`Bearer ` in front", edited(lambda token: "Bearer " + token)),
    Trick("a null character inside", edited(lambda token: token[:50] + "\0" + token[50:])),
    Trick("a letter of another script", edited(lambda token: "е" + token[1:])),
    Trick("the path of a token in place of a token", lambda _: "/var/run/secrets/token"),
    Trick("three letters with dots", lambda _: _SMALL),
    Trick("over 20,000 characters", lambda issuer: issuer.token(pad="x" * 20_000), VALIDATION),
    Trick("three characters", lambda _: "a.b", VALIDATION),
]
