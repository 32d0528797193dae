"""
A case for each option of `sluice serve`: two values of it, and what shows which one is in force. test_live_options.py
tries them, and sees to it that no option lacks one.
"""

import grp
import itertools
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import jwt
from authlib.jose import JsonWebKey

from dialects import IETF
from showing import (
    CAROL, ORIGIN, begin, beginning, certificate, client, event, field, greeting, is_slow, line_begins, listening,
    loops, met_as, number, put, putting, questions, receiver, run, served, shown, status, stored)
from tokens import SECRET, bearer, token, tokens_file
from wire import Line, ask

TOP = Path(__file__).parents[2]


@dataclass
class Case:
    #: What the file says of it at first and then, with whatever has to be said beside it; each is called with the
    #: server that is to be (`Site`).
    before: object
    after: object
    #: What shows which one is in force: called with the server, answers something else in each case. None where nothing
    #: shows it soon: then only what the server says of itself is tried here, and `because` says where it shows.
    see: object = None
    because: str = ""


def declared() -> dict[str, bool]:
    """Every option that is declared, and whether it says that a running server takes a new value over."""
    helpers = re.findall(
        r"public static func (\w+)", (TOP / "Sources/Configuration/OptionDeclaration.swift").read_text())
    found = {}
    for path in sorted((TOP / "Sources/sluice/Options").glob("ServeOptions*.swift")):
        text = path.read_text()
        starts = list(re.finditer(rf'\.(?:{"|".join(helpers)})[(]\s*"([a-z0-9-]+)"', text))
        for start, following in itertools.zip_longest(starts, starts[1:]):
            found[start[1]] = "isLive: true" in text[start.start():following.start() if following else None]
    return found


def said(**values):
    """The same values for every server; `_` stands for `-`."""
    return lambda site: {name.replace("_", "-"): value for name, value in values.items()}


def kept(name, text):
    """The path of a file with this text."""
    def path(site):
        (site.folder / name).write_text(text)
        return str(site.folder / name)
    return path


def tokens(site):
    return str(tokens_file(site.folder, carol="carols-token"))


def with_tokens(**values):
    return lambda site: said(**values)(site) | {"tokens": tokens(site)}


def webhook(**values):
    return lambda site: {"webhook": site.receivers["one"].url} | said(**values)(site)


def bucket(**values):
    keys = kept("keys", "[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    return lambda site: {
        "deliver-s3": "s3://one/", "s3-endpoint": "http://127.0.0.1:9", "s3-credentials": keys(site)} | {
        name: value(site) if callable(value) else value for name, value in said(**values)(site).items()}


def folder(**values):
    return lambda site: {"deliver": f"{site.folder}/out/{{id}}"} | said(**values)(site)


def program(name="first", **values):
    def settings(site):
        path = site.folder / name
        path.write_text(f'#!/bin/sh\ncat >/dev/null\necho "{name} $SLUICE_EVENT $SLUICE_UPLOAD" >>{site.folder}/runs\n')
        path.chmod(0o700)
        return {"exec": str(path)} | said(**values)(site)
    return settings


def keyed(option, name, text):
    return lambda site: {option: kept(name, text)(site)}


KEYS = [JsonWebKey.generate_key("EC", "P-256", {"kid": name}, is_private=True) for name in ("k1", "k2")]
SIGNED = bearer(jwt.encode(
    {"sub": "alice", "exp": int(time.time()) + 3600}, KEYS[0].as_pem(is_private=True), "ES256", {"kid": "k1"}))


def public(index):
    return KEYS[index].as_pem(is_private=False).decode()


def key_set(index):
    return json.dumps({"keys": [KEYS[index].as_dict(is_private=False)]})


def secret(**values):
    return lambda site: {"jwt-secret": kept("jwt-secret", SECRET)(site)} | said(**values)(site)


def authority(**values):
    return lambda site: {"auth-url": site.application.url} | said(**values)(site)


def asked(settings=lambda site: {"ask-create": site.receivers["one"].url}, **values):
    return lambda site: settings(site) | said(**values)(site)


def pair(name):
    def settings(site):
        chain, key = certificate(site, name)
        return {"tls-cert": chain, "tls-key": key}
    return settings


def trusting(name, **values):
    return lambda site: pair("own")(site) | {"tls-client-ca": certificate(site, name)[0]} | said(**values)(site)


def webroot(name):
    def settings(site):
        folder = site.folder / name / ".well-known/acme-challenge"
        folder.mkdir(parents=True, exist_ok=True)
        if name == "full":
            (folder / "proof").write_text("x")
        return {"acme-webroot": str(site.folder / name)}
    return settings


def unix_socket(mode):
    return lambda site: {"listen": ["127.0.0.1:0", f"unix:{site.folder}/socket"], "socket-mode": mode}


def proxied(is_on):
    def settings(site):
        address = f"127.0.0.1:{site.free_port}"
        given = {"listen": ["127.0.0.1:0", address], "trusted-proxy": "127.0.0.1"}
        return given | {"proxy-protocol": address} if is_on else given
    return settings


def is_met_as_proxy(site):
    with Line(site.free_port) as line:
        line.send(b"PROXY TCP4 9.9.9.9 127.0.0.1 1 2\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        return line.answer().status


NOTHING = said()
LIVE = {
    "tls-cert": Case(pair("first"), pair("second"), shown),
    "tls-key": Case(pair("first"), pair("second"), shown),
    "tls-client-ca": Case(trusting("first"), trusting("second"), met_as("first", "second")),
    "tls-client-auth": Case(
        trusting("first", tls_client_auth="require"), trusting("first", tls_client_auth="optional"),
        met_as("first", None)),
    "redirect-to-tls": Case(NOTHING, said(redirect_to_tls=True), status("GET", "/")),
    "hsts": Case(NOTHING, said(hsts=60), field("strict-transport-security", "GET", "/", tls=True)),
    "acme-webroot": Case(webroot("empty"), webroot("full"), status("GET", "/.well-known/acme-challenge/proof")),
    "jwt-secret": Case(
        keyed("jwt-secret", "one", SECRET), keyed("jwt-secret", "two", SECRET[::-1]), putting(bearer(token()))),
    "jwt-public-key": Case(
        keyed("jwt-public-key", "one.pem", public(0)), keyed("jwt-public-key", "two.pem", public(1)), putting(SIGNED)),
    "jwt-jwks": Case(
        keyed("jwt-jwks", "one.json", key_set(0)), keyed("jwt-jwks", "two.json", key_set(1)), putting(SIGNED)),
    "jwt-jwks-ca": Case(
        lambda site: {"jwt-jwks": "https://127.0.0.1:9/", "jwt-jwks-ca": certificate(site, "first")[0]},
        lambda site: {"jwt-jwks": "https://127.0.0.1:9/", "jwt-jwks-ca": certificate(site, "second")[0]},
        because="its sources are made anew with jwt-jwks: test_published_keys.py"),
    "jwt-issuer": Case(secret(jwt_issuer="a"), secret(jwt_issuer="b"), putting(bearer(token(iss="a")))),
    "jwt-audience": Case(secret(jwt_audience="a"), secret(jwt_audience="b"), putting(bearer(token(aud="a")))),
    "tokens": Case(
        with_tokens(), lambda site: {"tokens": kept("others", f"carol:{'0' * 64}\n")(site)}, putting(CAROL)),
    "tls-client-owner": Case(
        trusting("first", tls_client_owner="none"), trusting("first", tls_client_owner="cn"),
        because="it is part of the policy, as the tokens are: test_client_owners.py"),
    "auth-cookie": Case(
        with_tokens(auth_cookie="one"), with_tokens(auth_cookie="two"), putting({"Cookie": "one=carols-token"})),
    "auth-url": Case(
        authority(), lambda site: {"auth-url": site.other_application.url}, putting(bearer("alices"))),
    "auth-url-cache": Case(authority(auth_url_cache=0), authority(auth_url_cache=60), questions),
    "auth-url-timeout": Case(
        authority(auth_url_timeout=5), authority(auth_url_timeout=60),
        because="it goes with the address: test_forward_auth.py"),
    "auth-url-ca": Case(
        lambda site: {"auth-url": "https://127.0.0.1:9/", "auth-url-ca": certificate(site, "first")[0]},
        lambda site: {"auth-url": "https://127.0.0.1:9/", "auth-url-ca": certificate(site, "second")[0]},
        because="it goes with the address: test_forward_auth.py"),
    "auth-url-owner": Case(
        authority(), authority(auth_url_owner="X-Nobody"), status("GET", "/usage", bearer("alices"))),
    "ask-create": Case(
        asked(lambda site: {"ask-create": site.receivers["one"].url}),
        asked(lambda site: {"ask-create": site.other_application.url}), putting()),
    "ask-finish": Case(
        asked(lambda site: {"ask-finish": site.receivers["one"].url}),
        asked(lambda site: {"ask-finish": site.other_application.url}), putting()),
    "ask-timeout": Case(
        asked(ask_timeout=5), asked(ask_timeout=60), because="it goes with the addresses: test_questions.py"),
    "ask-failure": Case(
        said(ask_create="http://127.0.0.1:9/"), said(ask_create="http://127.0.0.1:9/", ask_failure="pass"), putting()),
    "ask-ca": Case(
        lambda site: {"ask-create": "https://127.0.0.1:9/", "ask-ca": certificate(site, "first")[0]},
        lambda site: {"ask-create": "https://127.0.0.1:9/", "ask-ca": certificate(site, "second")[0]},
        because="it goes with the addresses: test_questions.py"),
    "ready-free": Case(said(ready_free=0), said(ready_free="1000000T"), status("GET", "/readyz")),
    "max-size": Case(said(max_size=10), said(max_size=3), putting()),
    "body-timeout": Case(
        said(body_timeout=60), said(body_timeout=1), because="a cut, a minute later: test_no_upload_under_way_is_cut"),
    "min-rate": Case(said(min_rate=128), said(min_rate=1), because="a cut, a minute later: HostileClientTests"),
    "max-connections": Case(said(max_connections=100), said(max_connections=2), served),
    "max-connections-per-address": Case(
        said(max_connections_per_address=0), said(max_connections_per_address=2), served),
    "max-uploads": Case(said(max_uploads=1), said(max_uploads=50), beginning(count=3)),
    "max-rate": Case(NOTHING, said(max_rate="100K"), is_slow()),
    "max-creations": Case(said(max_creations=1000), said(max_creations=1), beginning(count=5)),
    "reserve": Case(said(reserve=0), said(reserve="100000T"), putting()),
    "owner-max-bytes": Case(
        with_tokens(owner_max_bytes="1M"), with_tokens(owner_max_bytes=1), putting(CAROL)),
    "owner-max-files": Case(with_tokens(owner_max_files=1000), with_tokens(owner_max_files=0), putting(CAROL)),
    "owner-max-open": Case(with_tokens(owner_max_open=1000), with_tokens(owner_max_open=0), beginning(CAROL)),
    "owner-rate": Case(with_tokens(), with_tokens(owner_rate="100K"), is_slow(CAROL)),
    "owner-creations": Case(
        with_tokens(owner_creations=1000), with_tokens(owner_creations=1), beginning(CAROL, count=5)),
    "public-url": Case(NOTHING, said(public_url="/below"), lambda site: put(site).location.startswith("/below/")),
    "trusted-proxy": Case(NOTHING, said(trusted_proxy="127.0.0.1"), client({"X-Forwarded-For": "9.9.9.9"})),
    "real-ip-header": Case(
        said(trusted_proxy="127.0.0.1"), said(trusted_proxy="127.0.0.1", real_ip_header="X-Real-IP"),
        client({"X-Real-IP": "9.9.9.9"})),
    "allowed-host": Case(
        said(allowed_host="one.test"), said(allowed_host="two.test"), status("GET", "/usage", {"Host": "one.test"})),
    "cors-origin": Case(
        said(cors_origin="https://app.example"), said(cors_origin="https://other.example"),
        field("access-control-allow-origin", "OPTIONS", "/files", ORIGIN)),
    "cors-credentials": Case(
        said(cors_origin="https://app.example"), said(cors_origin="https://app.example", cors_credentials=True),
        field("access-control-allow-credentials", "OPTIONS", "/files", ORIGIN)),
    "cors-header": Case(
        said(cors_origin="https://app.example"), said(cors_origin="https://app.example", cors_header="X-Tenant"),
        field("access-control-allow-headers", "OPTIONS", "/files", ORIGIN)),
    "informational": Case(
        said(informational=True), said(informational=False),
        lambda site: len(ask(site.port, "POST", "/files", IETF | {"Upload-Complete": "?1"}, b"data").interim)),
    "download": Case(
        said(download=True), said(download=False), lambda site: ask(site.port, "GET", put(site).location).status),
    "log-level": Case(said(log_level="info"), said(log_level="debug"), because="test_the_log_level_changes"),
    "webhook-secret": Case(
        lambda site: webhook()(site) | {"webhook-secret": kept("one", "whsec_" + "A" * 40)(site)},
        lambda site: webhook()(site) | {"webhook-secret": kept("two", "whsec_" + "B" * 40)(site)},
        because="test_a_secret_is_replaced_while_the_server_runs"),
}
BROUGHT = "what goes to a folder shows it: test_delivery_disk.py"
CARRIED = "what goes to a bucket shows it: test_delivery.py"
WAITING = {
    "listen": Case(said(listen="127.0.0.1:0"), said(listen=["127.0.0.1:0", "127.0.0.2:0"]), listening),
    "listen-tls": Case(said(listen_tls="127.0.0.1:0"), said(listen_tls=["127.0.0.1:0", "127.0.0.3:0"]), listening),
    "listen-admin": Case(
        said(listen_admin="127.0.0.1:0"), said(listen_admin=["127.0.0.1:0", "127.0.0.4:0"]), listening),
    "socket-mode": Case(
        unix_socket("0600"), unix_socket("0660"), lambda site: (site.folder / "socket").stat().st_mode),
    "http2": Case(said(http2=True), said(http2=False), greeting),
    "proxy-protocol": Case(proxied(False), proxied(True), is_met_as_proxy),
    "data": Case(
        NOTHING, lambda site: {"data": str(site.folder / "other")},
        lambda site: (site.folder / "other/complete" / put(site).location.rpartition("/")[2]).exists()),
    "durability": Case(
        said(durability="power"), said(durability="process"), because="a cut of the power shows it: test_power.py"),
    "expire-after": Case(
        said(expire_after=86_400), said(expire_after=864_000), lambda site: begin(site).fields["upload-expires"][:16]),
    "forget-after": Case(
        said(forget_after=86_400), said(forget_after=864_000), because="a day later: RecordSweepTests"),
    "digest": Case(NOTHING, said(digest="sha256"), lambda site: field("repr-digest", "HEAD", put(site).location)(site)),
    "file-mode": Case(said(file_mode="0640"), said(file_mode="0600"), lambda site: stored(site).st_mode),
    "file-group": Case(
        NOTHING, said(file_group=grp.getgrgid(os.getgid()).gr_name), because="it goes with file-mode: test_options.py"),
    "threads": Case(said(threads=2), said(threads=5), loops),
    "buffer-memory": Case(said(buffer_memory="64M"), said(buffer_memory="128M"), number("sluice_buffer_limit_bytes")),
    "webhook": Case(webhook(), lambda site: {"webhook": site.receivers["other"].url}, receiver),
    "webhook-format": Case(
        webhook(webhook_events="finished"), webhook(webhook_events="finished", webhook_format="tusd"),
        lambda site: "specversion" in event(site).json),
    "webhook-events": Case(
        webhook(webhook_events="created"), webhook(webhook_events="finished"), lambda site: event(site).kind),
    "webhook-ca": Case(
        lambda site: {"webhook": "https://127.0.0.1:9/", "webhook-ca": certificate(site, "first")[0]},
        lambda site: {"webhook": "https://127.0.0.1:9/", "webhook-ca": certificate(site, "second")[0]},
        because="test_over_https_only_a_receiver_that_is_believed_is_told"),
    "webhook-timeout": Case(
        webhook(webhook_timeout=10), webhook(webhook_timeout=20), because="ten seconds later: test_webhooks.py"),
    "webhook-give-up": Case(
        webhook(webhook_give_up=60), webhook(webhook_give_up=90), because="a minute later: test_webhooks.py"),
    "exec": Case(program("first"), program("second"), lambda site: run(site)[0]),
    "exec-events": Case(
        program(exec_events="created"), program(exec_events="finished"), lambda site: run(site)[1]),
    "exec-timeout": Case(
        program(exec_timeout=60), program(exec_timeout=90), because="a minute later: test_exec_events.py"),
    "events-max": Case(webhook(events_max=100), webhook(events_max=200), number("sluice_events_limit")),
    "events-full": Case(
        webhook(events_full="refuse"), webhook(events_full="drop-oldest"),
        because="a hundred events: test_webhooks.py"),
    "deliver": Case(folder(), lambda site: {"deliver": f"{site.folder}/other/{{id}}"}, because=BROUGHT),
    "deliver-collision": Case(folder(), folder(deliver_collision="refuse"), because=BROUGHT),
    "deliver-s3": Case(bucket(), bucket(deliver_s3="s3://other/"), because=CARRIED),
    "s3-endpoint": Case(bucket(), bucket(s3_endpoint="http://127.0.0.1:19"), because=CARRIED),
    "s3-region": Case(bucket(), bucket(s3_region="eu-west-1"), because=CARRIED),
    "s3-style": Case(bucket(s3_style="path"), bucket(s3_style="host"), because=CARRIED),
    "s3-credentials": Case(
        bucket(), bucket(s3_credentials=kept(
            "other-keys", "[default]\naws_access_key_id = c\naws_secret_access_key = d\n")), because=CARRIED),
    "s3-ca": Case(
        bucket(s3_endpoint="https://127.0.0.1:9", s3_ca=lambda site: certificate(site, "first")[0]),
        bucket(s3_endpoint="https://127.0.0.1:9", s3_ca=lambda site: certificate(site, "second")[0]), because=CARRIED),
    "keep-local": Case(bucket(), bucket(keep_local=True), because=CARRIED),
    "base-path": Case(
        NOTHING, said(base_path="/media/up"), lambda site: ask(site.port, "OPTIONS", "/media/up").status),
    "log-format": Case(said(log_format="json"), said(log_format="text"), line_begins),
}
# Options that cannot stand in a file, and so cannot change.
FIXED = {"config"}
