# SPDX-License-Identifier: Apache-2.0
"""The tokens of the stand-in: they outlive its restart, and a whole generation can be revoked."""
import base64
import hashlib
import hmac
import json
import secrets
import time

from scripted import USER

PASSWORD = "pass-of-the-soak"
KEY = b"key of the soak"
LIFE_S, REFRESH_LIFE_S = 20, 300


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign(text):
    return encode(hmac.new(KEY, text.encode(), hashlib.sha256).digest())


def new_token(generation, life_s):
    now = int(time.time())
    claims = {"sub": USER["email"], "userId": USER["id"]["id"], "tenantId": USER["tenantId"]["id"],
              "scopes": ["TENANT_ADMIN"], "iat": now, "exp": now + life_s, "jti": secrets.token_hex(8),
              "generation": generation}
    text = encode(b'{"alg":"HS256"}') + "." + encode(json.dumps(claims).encode())
    return text + "." + sign(text)


def new_pair(generation):
    return {"token": new_token(generation, LIFE_S), "refreshToken": new_token(generation, REFRESH_LIFE_S)}


def is_good(token, oldest):
    """OLDEST: the generation of the oldest tokens that are good."""
    text, _, signature = token.rpartition(".")
    if not text or not hmac.compare_digest(signature, sign(text)):
        return False
    claims = json.loads(decode(text.split(".")[1]))
    return claims["exp"] > time.time() and claims["generation"] >= oldest
