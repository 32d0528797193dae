"""One configuration from a file, the environment and flags; what is wrong with it is told with its place."""

import base64
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tokens import secret_file, tokens_file
from waiting import eventually
from wire import ask

SECONDS = 30
EVERYBODY = (
    "sluice: warning: everybody who reaches this server may upload, and fetch and remove what they know the address "
    "of: --jwt-secret, --jwt-public-key, --jwt-jwks, --tokens or --auth-url say who may\n")
EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "sluice.yaml"


def run(*arguments, environment=None):
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice")
    return subprocess.run(
        [binary, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS,
        env=os.environ | (environment or {}))


def sizes(server) -> int:
    return int(ask(server.port, "OPTIONS", "/files", {"Tus-Resumable": "1.0.0"}).fields["tus-max-size"])


def test_a_server_takes_its_options_from_file_environment_and_flags(tmp_path, start):
    file = tmp_path / "sluice.yaml"
    file.write_text("# mine\nmax-size: 7K\ncors-origin:\n  - https://a.example\n  - https://b.example\n"
                    "download: false\nlog-level: notice\n")
    os.environ["SLUICE_LOG_LEVEL"] = "warning"
    try:
        server = start("--config", str(file), "--max-size", "8K")
    finally:
        del os.environ["SLUICE_LOG_LEVEL"]
    assert sizes(server) == 8192
    for origin in ("https://a.example", "https://b.example"):
        answer = ask(server.port, "GET", "/healthz", {"Origin": origin})
        assert answer.fields["access-control-allow-origin"] == origin
    location = ask(server.port, "PUT", "/files/name", {}, b"hello").location
    assert ask(server.port, "HEAD", location).status == 204
    server.stop()
    assert '"message":"request"' not in server.log_tail()


@pytest.mark.parametrize("text, words", [
    ("data: d\nmax-sise: 5G\n", "sluice.yaml:2: 'max-sise' is no option; did you mean 'max-size'?"),
    ("data: d\ndata: e\n", "sluice.yaml:2: 'data' stands here a second time, after line 1."),
    ("\nmax-size: much\n", "sluice.yaml:2: max-size takes "), ("a: b: c\n", "sluice.yaml:1: not YAML: "),
    ("listen: ''\nlisten-tls: ''\n", "sluice.yaml:1: listen and "),
    ("tls-cert: x\n", "sluice.yaml:1: tls-cert and --tls-key go together"),
])
def test_what_is_wrong_with_a_file_ends_the_start_with_its_line(tmp_path, text, words):
    (tmp_path / "sluice.yaml").write_text(text)
    for command in ("serve", "check-config"):
        done = run(command, "--config", tmp_path / "sluice.yaml")
        assert (done.returncode, done.stdout) == (2, "")
        [line] = done.stderr.splitlines()
        assert words in line


def test_what_an_option_says_in_answers_has_a_bound():
    long = "X-" + "a" * 4000
    for options, words in [
            (("--public-url", "https://uploads.example/" + "a" * 9000), "--public-url takes up to 8192 bytes"),
            (("--cors-header", long, "--cors-header", long + "b", "--cors-header", long + "c"),
             "--cors-header takes up to 8192 bytes of names in all")]:
        done = run("check-config", *options)
        assert done.returncode == 2 and words in done.stderr, done.stderr
    assert run("check-config", "--cors-origin", "*", "--cors-header", long, "--cors-header", long + "b").returncode == 0


@pytest.mark.parametrize("path", ["missing.yaml", "", "."])
def test_a_file_that_cannot_be_read_ends_the_start(tmp_path, path):
    done = run("serve", "--config", tmp_path / path if path else "")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1


def test_check_config_says_what_is_in_force_and_where_it_comes_from(tmp_path):
    file = tmp_path / "sluice.yaml"
    file.write_text("max-size: 7K\nmin-rate: 1K\n")
    done = run("check-config", "--config", file, "--min-rate", "2K", environment={"SLUICE_LISTEN": ":1,:2"})
    assert (done.returncode, done.stderr) == (0, warned() + EVERYBODY)
    assert f"# config: {file}  # flag\n" in done.stdout
    assert f"max-size: 7K  # {file}:1\n" in done.stdout
    assert "min-rate: 2K  # flag\n" in done.stdout
    assert "listen: [':1', ':2']  # SLUICE_LISTEN\n" in done.stdout
    assert "log-level: info  # default\n" in done.stdout
    # It starts nothing, and what it prints is a configuration.
    assert not (tmp_path / "data").exists()
    again = tmp_path / "again.yaml"
    again.write_text(done.stdout)
    fed_back = run("check-config", "--config", again)
    assert fed_back.returncode == 0
    assert [line.partition("  # ")[0] for line in fed_back.stdout.splitlines()[1:]] == [
        line.partition("  # ")[0] for line in done.stdout.splitlines()[1:]]


def broken(folder):
    """Options that a start ends with, beside what it says."""
    certificate, key = pair(folder)
    (folder / "text").write_text("no certificate")
    return [
        (["--tls-cert", folder / "missing", "--tls-key", key], "missing: No such file or directory"),
        (["--tls-cert", certificate, "--tls-key", folder / "text"], "holds no private key"),
        (["--tls-cert", folder / "text", "--tls-key", key], "holds no certificate"),
        (["--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", folder / "missing"], "missing: No such file"),
        (["--listen-tls", "0.0.0.0:0"], "takes a certificate"),
        (["--listen-tls", "127.0.0.1:0", "--listen-tls", ":0"], "takes a certificate"),
        (["--jwt-secret", folder / "missing"], "cannot read"),
    ]


def pair(folder, name="own", days=2):
    """The files of a certificate for a name, and of its key."""
    certificate, key, request = (folder / f"{name}.{suffix}" for suffix in ("pem", "key", "csr"))
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                    f"/CN={name}", "-keyout", key, "-out", request], check=True, capture_output=True)
    subprocess.run(["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", str(days), "-out",
                    certificate], check=True, capture_output=True)
    return certificate, key


def test_check_config_refuses_what_a_start_refuses_in_its_words(tmp_path):
    for options, words in broken(tmp_path):
        checked = run("check-config", "--data", tmp_path / "data", *options)
        started = run("serve", "--data", tmp_path / "data", "--listen", "", *options)
        assert (checked.returncode, started.returncode) == (2, 2), options
        assert words in checked.stderr and checked.stdout == ""
        assert checked.stderr.splitlines()[-1] == started.stderr.splitlines()[-1]
    assert not (tmp_path / "data").exists()


def test_check_config_names_every_file_that_cannot_be_used_and_its_option(tmp_path):
    missing = [tmp_path / name for name in ("certificate", "authority")]
    done = run("check-config", "--tls-cert", missing[0], "--tls-key", missing[0], "--webhook", "https://a.example",
               "--webhook-ca", missing[1])
    told = done.stderr.splitlines()[-2:]
    assert done.returncode == 2
    assert [str(path) in line for path, line in zip(missing, told)] == [True, True]
    assert "--tls-cert: " in told[0] and "--webhook-ca: " in told[1]
    certificate, key = pair(tmp_path)
    for option, files in (("--tls-key", [certificate, missing[0]]), ("--tls-client-ca", [certificate, key, missing[1]])):
        words = [word for pair in zip(("--tls-cert", "--tls-key", "--tls-client-ca"), files) for word in pair]
        assert f"{option}: " in run("check-config", *words).stderr.splitlines()[-1]


def test_check_config_warns_of_what_a_start_warns_of_and_listens_nowhere(tmp_path, start):
    options = ["--hsts", "60", "--listen-tls", "", "--real-ip-header", "X-Real-IP", "--cors-header", "X-Tenant",
               "--acme-webroot", str(tmp_path / "missing"), "--trusted-proxy", "unix"]
    # The address is taken, and so is the data directory.
    server = start("--cors-origin", "*")
    done = run("check-config", "--data", server.data, "--listen", f"127.0.0.1:{server.port}", *options)
    assert done.returncode == 0
    told = [line.removeprefix("sluice: warning: ") for line in done.stderr.splitlines()]
    for words in ("--hsts 60 is told to nobody", "--cors-header x-tenant", "is no directory now"):
        assert any(words.lower() in line.lower() for line in told), told
    assert not any("--real-ip-header" in line for line in told)
    done = run("check-config", "--real-ip-header", "X-Real-IP")
    assert "--real-ip-header X-Real-IP is not read" in done.stderr
    assert "--real-ip-header" not in run("check-config", "--real-ip-header", "x-forwarded-for").stderr


def test_the_start_says_which_options_have_no_effect(tmp_path, start):
    certificate, key = map(str, pair(tmp_path))
    server = start("--real-ip-header", "X-Real-IP", "--cors-header", "X-Tenant", "--acme-webroot",
                   str(tmp_path / "none"), "--tls-cert", certificate, "--tls-key", key, "--tls-cert", certificate, "--tls-key", key)
    for words in ("--real-ip-header X-Real-IP is not read", "--cors-header", "no directory now",
                  f"{certificate} is shown to nobody"):
        eventually(lambda words=words: words in server.log.read_text(), words)


def test_a_variable_that_is_no_text_is_told_and_so_is_a_word():
    binary = os.environ.get("SLUICE_BINARY", ".build/release/sluice").encode()
    environment = {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items()}
    done = subprocess.run([binary, b"check-config"], env=environment | {b"SLUICE_DATA": b"/tmp/\xff"},
                          capture_output=True)
    assert (done.returncode, done.stderr) == (2, b"sluice: SLUICE_DATA is not UTF-8.\n")
    done = subprocess.run([binary, b"check-config", b"--data", b"/tmp/\xff"], capture_output=True)
    assert done.returncode == 2 and b"is not UTF-8" in done.stderr
    # Those of others are nobody's business here.
    done = subprocess.run([binary, b"check-config"], env=environment | {b"OTHER": b"\xff"}, capture_output=True)
    assert done.returncode == 0


def test_what_kubernetes_says_of_a_service_called_sluice_ends_no_start():
    links = {"SLUICE_TLS_PORT": "tcp://10.0.0.1:443", "SLUICE_TLS_SERVICE_HOST": "10.0.0.1"}
    done = run("check-config", environment=links)
    assert done.returncode == 0 and "SLUICE_TLS_PORT" in done.stderr
    assert run("check-config", environment={"SLUICE_TLS_PORT": "443"}).returncode == 2


def warned() -> str:
    """What check-config says of the tests' own variables."""
    own = sorted(name for name in os.environ if name.startswith("SLUICE_"))
    return f"sluice: warning: no options, and without effect: {', '.join(own)} in the environment\n" if own else ""


def test_a_variable_that_looks_like_a_slip_ends_the_start_and_another_is_a_warning(start):
    done = run("serve", environment={"SLUICE_MAX_SIZ": "1G"})
    assert done.returncode == 2 and "did you mean SLUICE_MAX_SIZE?" in done.stderr
    os.environ["SLUICE_SERVICE_HOST"] = "10.0.0.1"
    try:
        server = start()
    finally:
        del os.environ["SLUICE_SERVICE_HOST"]
    eventually(lambda: "SLUICE_SERVICE_HOST" in server.log_tail())


def public_key_files(folder) -> dict:
    """A key for each option of the example that takes one, by the name that stands there."""
    pem, keys = folder / "jwt.pem", folder / "jwks.json"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", folder / "key.pem"], check=True)
    subprocess.run(["openssl", "pkey", "-in", folder / "key.pem", "-pubout", "-out", pem], check=True)
    keys.write_text(json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a",
                                          "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}))
    return {"/etc/sluice/jwt.pem": pem, "/etc/sluice/jwks.json": keys}


def test_the_example_is_taken_as_it_is_and_with_every_option_switched_on(tmp_path):
    assert run("check-config", "--config", EXAMPLE).returncode == 0
    text = EXAMPLE.read_text()
    on = re.sub(r"^#([a-z])", r"\1", text, flags=re.MULTILINE)
    # A group that this machine has.
    on = re.sub(r"^(file-group): .*", rf"\1: {os.getegid()}", on, flags=re.MULTILINE)
    on = on.replace("/etc/sluice/jwt-secret", str(secret_file(tmp_path)))
    (tmp_path / "webhook-secret").write_text(f"whsec_{base64.b64encode(bytes(32)).decode()}\n")
    on = on.replace("/etc/sluice/webhook-secret", str(tmp_path / "webhook-secret"))
    (tmp_path / "s3").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    on = on.replace("/etc/sluice/s3-credentials", str(tmp_path / "s3"))
    on = on.replace("/etc/sluice/tokens", str(tokens_file(tmp_path, carol="carols-token")))
    certificate, key = pair(tmp_path)
    on = on.replace("/etc/sluice/tls/fullchain.pem", str(certificate)).replace("/etc/sluice/tls/privkey.pem", str(key))
    on = on.replace("/etc/sluice/tls/clients.pem", str(certificate))
    for authorities in ["app-ca.pem", "tls/app-ca.pem", "tls/s3-ca.pem", "issuer-ca.pem"]:
        on = on.replace(f"/etc/sluice/{authorities}", str(certificate))
    for name, path in public_key_files(tmp_path).items():
        on = on.replace(name, str(path))
    # A file has one place: all of the one, and all of the other.
    for others in ("deliver|deliver-collision", "deliver-s3|s3-[a-z]+"):
        (tmp_path / "on.yaml").write_text(re.sub(rf"^({others}):", r"#\1:", on, flags=re.MULTILINE))
        done = run("check-config", "--config", tmp_path / "on.yaml")
        assert done.returncode == 0, done.stderr
    options = re.findall(r"^ {1,4}--([a-z0-9-]+)", run("serve", "--help").stdout, flags=re.MULTILINE)
    assert len(options) > 30
    assert set(options) - {"version"} == {"config", *re.findall(r"^#([a-z0-9-]+):", text, flags=re.MULTILINE)}


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--listen", ":0", "--help"]])
@pytest.mark.parametrize("command", ["serve", "check-config"])
def test_help_is_told_wherever_it_is_asked_for(command, arguments):
    done = run(command, *arguments)
    assert (done.returncode, done.stderr) == (0, "") and "check-config" in done.stdout


def test_a_flag_switches_off_what_the_file_switches_on(tmp_path, start):
    file = tmp_path / "sluice.yaml"
    file.write_text("redirect-to-tls: true\ncors-credentials: true\ncors-origin: https://a.example\n")
    server = start("--config", str(file), "--no-redirect-to-tls", "--no-cors-credentials")
    answer = ask(server.port, "GET", "/healthz", {"Origin": "https://a.example"})
    assert answer.status == 200 and "access-control-allow-credentials" not in answer.fields


SECRET_OPTIONS = ["jwt-secret", "jwt-public-key", "jwt-jwks", "tokens", "webhook-secret", "tls-key", "s3-credentials"]
# Of any form: hexadecimal, base 64 with a slash in front and others within, a key in PEM, and one with an address in it.
SECRETS = ["c0ffee" * 11, "/kJ9vW3" * 6 + "/+=", "whsec_" + "A" * 40, "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCI\n",
           "s3cr3t-of-a-person", "/s3cr3t-of-a-person", "s3cr3t" * 1000]


@pytest.mark.parametrize("option", SECRET_OPTIONS)
def test_a_secret_in_place_of_its_file_is_shown_to_nobody(tmp_path, option):
    file = tmp_path / "sluice.yaml"
    for secret in SECRETS:
        variable = {f"SLUICE_{option.upper().replace('-', '_')}": secret}
        file.write_text(f"{option}: {json.dumps(secret)}\n")
        for place, said in ((f"SLUICE_{option.upper().replace('-', '_')} ", run("check-config", environment=variable)),
                            (f"--{option} ", run("check-config", f"--{option}={secret}")),
                            (f"{file}:1: {option} ", run("check-config", "--config", file))):
            assert said.returncode == 2, said
            assert f"{place}takes a file: nothing can be read by the {len(secret)} bytes there" in said.stderr
            shown = said.stdout + said.stderr
            assert not any(secret[start:start + 6] in shown for start in range(0, len(secret) - 5)), shown


def test_a_path_that_is_surely_one_is_shown(tmp_path):
    for path in (str(tmp_path / "missing"), "./missing", "../missing/more"):
        assert f"cannot read {path}: " in run("check-config", "--jwt-secret", path).stderr
    assert "without a name or password" in (said := run("check-config", "--jwt-jwks", "https://a:s3cr3t@b/").stderr)
    assert "s3cr3t" not in said


@pytest.mark.parametrize("arguments", [
    ["token", "--sub", "a", "--jwt-secret"], ["token", "--sub", "a", "--jwt-private-key"],
    ["list", "--token-file"], ["put", __file__, "http://127.0.0.1:1/", "--token-file"],
], ids=lambda words: f"{words[0]} {words[-1]}")
def test_nor_is_it_by_the_other_commands(arguments):
    said = run(*arguments, "c0ffee" * 11)
    assert said.returncode == 2 and f"{arguments[-1]} takes a file: " in said.stderr
    assert "c0ffee" not in said.stdout + said.stderr


@pytest.mark.parametrize("option, url, is_taken", [
    ("auth-url", "http://me:PASSWORD@127.0.0.1/", False), ("ask-create", "http://me:PASSWORD@127.0.0.1/", False),
    ("webhook", "ftp://me:PASSWORD@127.0.0.1/", False), ("public-url", "me:PASSWORD@host", False),
    ("s3-endpoint", "me:PASSWORD@host", False), ("deliver-s3", "http://me:PASSWORD@host", False),
    ("auth-url", "http://192.0.2.1/may?key=PASSWORD", True), ("webhook", "http://192.0.2.1/hook?key=PASSWORD", True),
    ("jwt-jwks", "http://192.0.2.1/keys?key=PASSWORD", True), ("ask-finish", "http://192.0.2.1/?key=PASSWORD", True),
])
def test_what_is_secret_in_an_address_is_shown_to_nobody(option, url, is_taken):
    said = run("check-config", f"--{option}={url}")
    assert (said.returncode == 0) == is_taken, said.stderr
    assert "PASSWORD" not in said.stdout + said.stderr
    assert option in said.stdout + said.stderr


@pytest.mark.parametrize("count", [4, 5])
def test_a_key_that_no_token_would_be_tried_with_is_refused(tmp_path, count):
    files = []
    for number in range(count):
        files.append(tmp_path / f"key{number}")
        files[-1].write_text(f"{number}" * 40)
        files[-1].chmod(0o600)
    said = run("check-config", *[f"--jwt-secret={file}" for file in files])
    assert said.returncode == (0 if count == 4 else 2)
    assert ("5 keys of HS256 have no name (kid)" in said.stderr) == (count == 5)
