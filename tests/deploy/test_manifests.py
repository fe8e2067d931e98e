"""deploy/: what compose, Kubernetes, Docker and nginx are told fits to the hub and to each other."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from openweir.cli.main import _parser
from servers import RCLONE

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
FORMS = {"kustomization.yaml", "secret.example.yaml", "backup.example.yaml"}
_TAG = re.compile(r"[a-z0-9./-]+:[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z]+)?")


def documents() -> list[dict[str, Any]]:
    """Return every Kubernetes object that is applied."""
    return [
        one
        for path in KUBERNETES
        if path.name not in FORMS
        for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


def form_of(name: str) -> list[dict[str, Any]]:
    """Return the objects of a form, which whoever runs a cluster fills in."""
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text(encoding="utf-8")))


def the(kind: str, name: str) -> dict[str, Any]:
    """Return one object."""
    (found,) = (
        one for one in documents() if (one["kind"], one["metadata"]["name"]) == (kind, name)
    )
    return found


def pods() -> list[dict[str, Any]]:
    """Return the pod of each workload."""
    return [
        the(kind, name)["spec"]["template"]
        for kind, name in (("StatefulSet", "hub"), ("Deployment", "front"))
    ]


def serving(words: list[str]) -> Any:
    """Return what `openweir serve` understands of a command; fails where it does not."""
    assert words[:2] == ["openweir", "serve"]
    return _parser("serve").parse_args(words[1:])


class TestCompose:
    """One host: database, bucket, replicas, nginx."""

    def test_versions_are_pinned(self) -> None:
        """Every image has a tag of a version; the S3 server is the one that the tests run."""
        for name, service in SERVICES.items():
            assert _TAG.fullmatch(service["image"]), name
        assert SERVICES["s3"]["image"].endswith(f":{RCLONE}")

    def test_each_is_watched_and_held_small(self) -> None:
        """Health checks, restarts, no new rights; ours also without any and with nothing to write."""
        for name, service in SERVICES.items():
            assert service["healthcheck"]["test"][0] == "CMD", name
            assert service["restart"] == "unless-stopped"
            assert service["security_opt"] == ["no-new-privileges:true"]
        for name in ("hub", "nginx"):
            assert SERVICES[name]["read_only"] is True
            assert SERVICES[name]["cap_drop"] == ["ALL"]

    def test_only_nginx_is_reached_from_outside(self) -> None:
        """It alone has a port, on this machine; database and bucket are in a network without exit."""
        assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
        assert SERVICES["nginx"]["ports"] == ["${OPENWEIR_LISTEN:-127.0.0.1:8080}:8080"]
        assert SERVICES["postgres"]["networks"] == SERVICES["s3"]["networks"] == ["store"]
        assert COMPOSE["networks"]["store"] == {"internal": True}
        assert SERVICES["nginx"]["networks"] == ["front"]

    def test_secrets_are_files(self) -> None:
        """No value of the environment is a secret, and every secret that is named is declared."""
        named = {one for service in SERVICES.values() for one in service.get("secrets", ())}
        assert named == set(COMPOSE["secrets"])
        for service in SERVICES.values():
            for name, value in service.get("environment", {}).items():
                hidden = re.search("PASSWORD|SECRET|DATABASE|CREDENTIALS", name)
                assert not hidden or value.startswith("/run/secrets/"), name
        assert all(
            re.fullmatch(r"\./secrets/[a-z0-9-]+", one["file"])
            for one in COMPOSE["secrets"].values()
        )

    def test_the_hub_understands_its_command(self) -> None:
        """Three replicas, each with a journal of its own, in what `openweir serve` takes."""
        hub = SERVICES["hub"]
        told = serving(hub["command"])
        assert hub["environment"]["OPENWEIR_BLOBS"].startswith("s3://hub/")
        assert told.metrics
        assert told.port == 8080
        assert hub["deploy"]["replicas"] == 3
        assert told.data.startswith("/var/lib/openweir/")
        assert "/var/lib/openweir" in hub["volumes"]
        assert (
            hub["environment"]["FORWARDED_ALLOW_IPS"]
            == COMPOSE["networks"]["front"]["ipam"]["config"][0]["subnet"]
        )
        assert "/readyz" in hub["healthcheck"]["test"][-1]

    def test_no_key_lies_in_the_database(self) -> None:
        """The hub reads what its keys are made of from a secret."""
        hub = SERVICES["hub"]
        name = hub["environment"]["OPENWEIR_HUB_KEY"].removeprefix("/run/secrets/")
        assert name in hub["secrets"]

    def test_files_are_there(self) -> None:
        """What it mounts and builds from exists, or secrets.sh makes it."""
        assert (DEPLOY / COMPOSE["configs"]["nginx"]["file"]).is_file()
        assert (DEPLOY / SERVICES["hub"]["build"]["context"]).resolve() == ROOT
        assert (ROOT / SERVICES["hub"]["build"]["dockerfile"]).is_file()

    def test_secrets_are_made_once(self, tmp_path: Path) -> None:
        """The script makes every secret, all alike where two have to, and changes none later."""
        shutil.copy(DEPLOY / "secrets.sh", tmp_path)
        seen = []
        for _ in range(2):
            subprocess.run([tmp_path / "secrets.sh"], check=True)
            made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
            seen.append(made)
        assert seen[0] == seen[1]
        assert {f"./secrets/{name}" for name in made} == {
            one["file"] for one in COMPOSE["secrets"].values()
        }
        assert made["database"] == f"postgresql://hub:{made['postgres-password']}@postgres/hub"
        key, secret = made["s3-auth-key"].strip('"').split(",")
        assert f"aws_access_key_id = {key}\n" in made["s3-credentials"]
        assert f"aws_secret_access_key = {secret}\n" in made["s3-credentials"]
        assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


class TestKubernetes:
    """A cluster: replicas that keep their journals, nginx before them."""

    def test_all_of_it_is_applied(self) -> None:
        """The kustomization names every file but the forms, and nothing else."""
        told = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
        assert set(told["resources"]) | FORMS == {path.name for path in KUBERNETES}
        (made,) = told["configMapGenerator"]
        (file,) = made["files"]
        assert (
            DEPLOY / "kubernetes" / file.partition("=")[2]
        ).resolve() == DEPLOY / "nginx" / "hub.conf"

    def test_who_is_chosen_is_there(self) -> None:
        """Every selector finds a pod by its labels."""
        labels = [pod["metadata"]["labels"] for pod in pods()]
        for one in documents():
            spec = one.get("spec", {})
            chosen = spec.get("selector") or spec.get("podSelector")
            if chosen:
                wanted = chosen.get("matchLabels", chosen)
                assert any(wanted.items() <= have.items() for have in labels), one["metadata"]
        for name in ("hub", "front"):
            assert the("PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1
            assert the("NetworkPolicy", name)["spec"]["policyTypes"] == ["Ingress", "Egress"]
        scaled = the("HorizontalPodAutoscaler", "hub")["spec"]
        assert scaled["scaleTargetRef"]["kind"] == "StatefulSet"
        assert scaled["minReplicas"] == the("StatefulSet", "hub")["spec"]["replicas"] == 3

    def test_nobody_has_more_rights_than_needed(self) -> None:
        """No root, no token of the cluster, nothing to write but what is mounted for it."""
        for pod in pods():
            spec = pod["spec"]
            assert spec["automountServiceAccountToken"] is False
            assert spec["securityContext"]["runAsNonRoot"] is True
            (container,) = spec["containers"]
            assert _TAG.fullmatch(container["image"])
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
            mounted = {one["name"] for one in container["volumeMounts"]}
            offered = {one["name"] for one in spec["volumes"]}
            templates = the("StatefulSet", "hub")["spec"]["volumeClaimTemplates"]
            assert mounted <= offered | {one["metadata"]["name"] for one in templates}

    def test_the_hub_understands_its_command(self) -> None:
        """The journal lies on a claim of its own; probes ask what the hub answers."""
        hub = the("StatefulSet", "hub")["spec"]
        (container,) = hub["template"]["spec"]["containers"]
        told = serving(container["args"])
        assert told.metrics
        assert the("ConfigMap", "settings")["data"]["OPENWEIR_BLOBS"].startswith("s3://")
        (state,) = hub["volumeClaimTemplates"]
        mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
        assert told.data.startswith(mounts[state["metadata"]["name"]])
        assert told.trust == f"{mounts['trust']}/trust.toml"
        assert told.register == mounts["register"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        form, _ = form_of("secret.example.yaml")
        assert set(form["stringData"]) == {
            "OPENWEIR_DATABASE",
            "OPENWEIR_METRICS_TOKEN",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        }

    def test_no_key_lies_in_the_database(self) -> None:
        """All replicas, and the backup, read one secret from a file; the form of it names no other."""
        _, secret = form_of("secret.example.yaml")
        (job,) = form_of("backup.example.yaml")
        backup = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for spec in (the("StatefulSet", "hub")["spec"]["template"]["spec"], backup):
            (container,) = spec["containers"]
            (key,) = (one for one in spec["volumes"] if one["name"] == "key")
            assert key["secret"]["secretName"] == secret["metadata"]["name"]
            mounted = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
            (file,) = secret["stringData"]
            assert container["env"] == [
                {"name": "OPENWEIR_HUB_KEY", "value": f"{mounted['key']}/{file}"}
            ]

    def test_the_backup_is_a_command(self) -> None:
        """The job of the form runs the image of the replicas with words that Openweir takes."""
        (job,) = form_of("backup.example.yaml")
        (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        (hub,) = the("StatefulSet", "hub")["spec"]["template"]["spec"]["containers"]
        assert container["image"] == hub["image"]
        assert container["envFrom"] == hub["envFrom"]
        assert container["securityContext"] == hub["securityContext"]
        assert container["args"][0] == "openweir"
        assert _parser("hub").parse_args(container["args"][1:]).to.startswith("/srv/backup/")

    def test_nginx_finds_the_hub(self) -> None:
        """The name and the port in nginx's own file are a service here and in compose."""
        written = (DEPLOY / "nginx" / "hub.conf").read_text(encoding="utf-8")
        (name, port) = re.findall(r"^    server (\w+):(\d+) ", written, re.MULTILINE)[0]
        assert name in SERVICES
        assert [one["port"] for one in the("Service", name)["spec"]["ports"]] == [int(port)]
        (route,) = the("HTTPRoute", "hub")["spec"]["rules"]
        (backend,) = route["backendRefs"]
        assert the("Service", backend["name"])["spec"]["ports"][0]["port"] == backend["port"]


class TestImage:
    """The Dockerfile and what starts in it."""

    def test_pinned_small_and_not_root(self) -> None:
        """Versions by tag, packages by hash, a build stage that stays behind, a user by number."""
        lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
        images = [line.split()[1] for line in lines if line.startswith("FROM ")]
        assert len(images) == 2
        assert all(_TAG.fullmatch(image.replace("-slim-", "-")) for image in images)
        assert any("--require-hashes" in line for line in lines)
        assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
        for line in lines:
            if line.startswith("COPY ") and "--from" not in line:
                sources = [word for word in line.split()[1:-1] if not word.startswith("--")]
                assert all((ROOT / source).exists() for source in sources), line

    def test_what_it_copies_is_let_in(self) -> None:
        """The list of what the build may see holds all that it copies, and no secret."""
        listed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
        assert listed[0] == "*"
        copied = re.findall(
            r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$",
            (DEPLOY / "Dockerfile").read_text(),
            re.MULTILINE,
        )
        wanted = {word for line in copied for word in line.split()}
        assert {f"!{word}" for word in wanted} == {one for one in listed if one.startswith("!")}

    def test_the_address_comes_from_a_file(self, tmp_path: Path) -> None:
        """The entrypoint reads the database's address and becomes the command, arguments and all."""
        (tmp_path / "database").write_text("postgresql://hub:p%20w@db/hub\n")
        done = subprocess.run(
            [DEPLOY / "entrypoint.sh", "sh", "-c", 'echo "$OPENWEIR_DATABASE|$1"', "sh", "a b"],
            env={"OPENWEIR_DATABASE_FILE": str(tmp_path / "database"), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "postgresql://hub:p%20w@db/hub|a b\n"

    def test_its_pins_are_those_of_the_tests(self) -> None:
        """What runs in the image is what was tested: the same versions, with hashes."""
        read = {
            name: dict(
                re.findall(
                    r"^([A-Za-z0-9._-]+)==(\S+)",
                    (ROOT / "requirements" / name).read_text(encoding="utf-8"),
                    re.MULTILINE,
                )
            )
            for name in ("scale-out.txt", "dev.txt")
        }
        image, tested = read["scale-out.txt"], read["dev.txt"]
        assert {"boto3", "psycopg", "starlette", "sqlalchemy", "uvicorn"} <= set(image)
        assert image.items() <= tested.items()
        assert not set(image) & {"moto", "pytest"}


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_shell(path: Path) -> None:
    """Each script is one that any POSIX shell reads."""
    subprocess.run(["sh", "-n", path], check=True)
    assert path.stat().st_mode & 0o111
