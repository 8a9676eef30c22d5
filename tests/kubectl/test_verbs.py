"""What verbs do to the cluster, beyond what they print."""

import json
from pathlib import Path
from types import SimpleNamespace

from tests.conftest import Output, ServerFactory
from tests.kubectl.conftest import Ours

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm, labels: {l: one}}\ndata: {a: '1', b: '2'}\n"


async def test_apply_merges_three_ways(server: ServerFactory, ours: Ours, tmp_path: Path) -> None:
    served = await server()
    file = tmp_path / "cm.yaml"
    file.write_text(CONFIG)
    assert (await ours(served, "apply", "-f", "cm.yaml")).out == "configmap/cm created\n"
    assert (await ours(served, "apply", "-f", "cm.yaml")).out == "configmap/cm unchanged\n"
    await ours(served, "patch", "cm", "cm", "--type=merge", "-p", '{"data":{"mine":"x"}}')
    file.write_text(CONFIG.replace(", b: '2'", ", c: '3'"))
    assert (await ours(served, "apply", "-f", "cm.yaml")).out == "configmap/cm configured\n"
    data = json.loads((await ours(served, "get", "cm", "cm", "-o", "jsonpath={.data}")).out)
    assert data == {"a": "1", "c": "3", "mine": "x"}


async def test_apply_prunes_what_it_no_longer_names(server: ServerFactory, ours: Ours, tmp_path: Path) -> None:
    served = await server()
    file = tmp_path / "both.yaml"
    second = CONFIG.replace("name: cm", "name: other")
    file.write_text(f"{CONFIG}---\n{second}")
    await ours(served, "apply", "-f", "both.yaml")
    file.write_text(CONFIG)
    pruned = await ours(served, "apply", "-f", "both.yaml", "--prune", "-l", "l=one")
    assert pruned.out == "configmap/cm unchanged\nconfigmap/other pruned\n"


async def test_server_side_apply_conflicts_are_explained(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    await ours(served, "create", "-f", "-", stdin=CONFIG)
    refused = await ours(served, "apply", "--server-side", "-f", "-", stdin=CONFIG.replace("'1'", "'9'"))
    assert refused.code == 1
    assert "Apply failed with 1 conflict" in refused.err
    assert "--force-conflicts" in refused.err
    forced = await ours(
        served, "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=CONFIG.replace("'1'", "'9'")
    )
    assert forced.out == "configmap/cm serverside-applied\n"


async def test_dry_runs_leave_no_trace(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    for kind in ("client", "server"):
        made = await ours(served, "create", "ns", "x", f"--dry-run={kind}")
        assert made.out == f"namespace/x created ({'server ' if kind == 'server' else ''}dry run)\n"
    assert (await ours(served, "get", "ns", "x")).code == 1


async def test_labels_are_set_changed_and_removed(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    await ours(served, "create", "-f", "-", stdin=CONFIG)
    assert (await ours(served, "label", "cm", "cm", "t=1")).out == "configmap/cm labeled\n"
    assert "already has a value (1)" in (await ours(served, "label", "cm", "cm", "t=2")).err
    assert (await ours(served, "label", "cm", "cm", "t=2", "l-", "--overwrite")).out == "configmap/cm modified\n"
    assert (await ours(served, "get", "cm", "cm", "-o", "jsonpath={.metadata.labels}")).out == '{"t":"2"}'


async def test_edit_sends_what_the_editor_changed(server: ServerFactory, ours: Ours, tmp_path: Path) -> None:
    import asyncio
    import io

    from k8s_tutor.kubectl import run

    served = await server()
    await ours(served, "create", "-f", "-", stdin=CONFIG)
    out, err = io.StringIO(), io.StringIO()
    seen: list[str] = []

    def editor(text: str, suffix: str) -> str:
        seen.append(text)
        return text.replace('a: "1"', 'a: "7"')

    code = await asyncio.to_thread(
        run,
        ["edit", "cm", "cm"],
        kubeconfig=served.kubeconfig,
        stdout=out,
        stderr=err,
        cwd=tmp_path,
        env={},
        edit=editor,
    )
    assert (code, out.getvalue()) == (0, "configmap/cm edited\n"), err.getvalue()
    assert seen[0].startswith("# Please edit the object below.")
    assert (await ours(served, "get", "cm", "cm", "-o", "jsonpath={.data.a}")).out == "7"


async def test_config_writes_only_the_given_kubeconfig(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    changed = await ours(served, "config", "set-context", "--current", "--namespace=kube-system")
    assert changed.out.endswith("modified.\n")
    assert (await ours(served, "get", "pods")).err == "No resources found in kube-system namespace.\n"


async def test_delete_waits_until_the_object_is_gone(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    await ours(served, "create", "-f", "-", stdin=CONFIG)
    assert (await ours(served, "delete", "cm", "cm")).out == 'configmap "cm" deleted from default namespace\n'
    assert (await ours(served, "get", "cm", "cm")).code == 1
    assert (await ours(served, "delete", "cm", "cm", "--ignore-not-found")).code == 0


async def test_a_dead_server_gets_kubectls_words(ours: Ours, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "dead"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: [{name: x, context: {cluster: x, user: x}}]\n"
        "clusters: [{name: x, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: x, user: {token: t}}]\n"
    )

    dead = SimpleNamespace()
    dead.kubeconfig = kubeconfig
    expected = "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"
    assert await ours(dead, "get", "pods") == Output("", expected, 1)


async def test_a_kustomization_is_built_and_applied(server: ServerFactory, ours: Ours, tmp_path: Path) -> None:
    served = await server()
    folder = tmp_path / "k"
    folder.mkdir()
    (folder / "cm.yaml").write_text(CONFIG)
    (folder / "kustomization.yaml").write_text("resources: [cm.yaml]\nnamePrefix: dev-\ncommonLabels: {env: dev}\n")
    assert (await ours(served, "apply", "-k", "k")).out == "configmap/dev-cm created\n"
    (folder / "kustomization.yaml").write_text("resources: [cm.yaml]\nhelmCharts: []\n")
    assert "helmCharts is not supported here" in (await ours(served, "apply", "-k", "k")).err


async def test_a_verbs_own_flag_hides_the_common_one(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    made = await ours(served, "create", "rolebinding", "rb", "--clusterrole=view", "--user=jane")
    assert made == Output("rolebinding.rbac.authorization.k8s.io/rb created\n", "", 0)
    assert (await ours(served, "auth", "can-i", "list", "pods", "--as", "jane")).out == "yes\n"
    refused = await ours(served, "get", "nodes", "--as", "jane")
    assert refused.err.startswith('Error from server (Forbidden): nodes is forbidden: User "jane" cannot list')


async def test_diff_shows_what_apply_would_change(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    await ours(served, "create", "-f", "-", stdin=CONFIG)
    assert await ours(served, "diff", "-f", "-", stdin=CONFIG) == Output("", "", 0)
    changed = await ours(served, "diff", "-f", "-", stdin=CONFIG.replace("'2'", "'9'"))
    assert changed.code == 1
    assert {'-  b: "2"', '+  b: "9"'} <= set(changed.out.splitlines())
    assert "last-applied" not in changed.out
    assert (await ours(served, "get", "cm", "cm", "-o", "jsonpath={.data.b}")).out == "2"


async def test_a_server_side_apply_takes_over_what_was_applied_by_the_client(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    await ours(served, "apply", "-f", "-", stdin=CONFIG)
    assert (
        await ours(served, "apply", "--server-side", "-f", "-", stdin=CONFIG)
    ).out == "configmap/cm serverside-applied\n"
    entries = json.loads((await ours(served, "get", "cm", "cm", "-o", "json", "--show-managed-fields")).out)
    managers = {(one["manager"], one["operation"]) for one in entries["metadata"]["managedFields"]}
    assert managers == {("kubectl", "Apply"), ("kubectl-last-applied", "Apply")}
    # What the manifest no longer has is nobody's now, so it goes.
    gone = CONFIG.replace(", b: '2'", "")
    await ours(served, "apply", "--server-side", "-f", "-", stdin=gone)
    assert (await ours(served, "get", "cm", "cm", "-o", "jsonpath={.data}")).out == '{"a":"1"}'


async def test_several_objects_are_edited_as_one_list(server: ServerFactory, tmp_path: Path, ours: Ours) -> None:
    import asyncio
    import io

    from k8s_tutor.kubectl import run

    served = await server()
    await ours(served, "create", "-f", "-", stdin=CONFIG + "---\n" + CONFIG.replace("name: cm", "name: other"))
    seen: list[str] = []

    def editor(text: str, suffix: str) -> str:
        seen.append(text)
        return text.replace("l: one", "l: two", 1)

    out = io.StringIO()
    code = await asyncio.to_thread(
        run,
        ["edit", "cm/cm", "cm/other"],
        kubeconfig=served.kubeconfig,
        stdout=out,
        stderr=out,
        cwd=tmp_path,
        env={},
        edit=editor,
    )
    assert (code, out.getvalue()) == (0, "configmap/cm edited\n")
    assert "kind: List" in seen[0]
    assert (await ours(served, "get", "cm", "-l", "l=one", "-o", "name")).out == "configmap/other\n"


async def test_a_changed_name_is_refused_and_the_text_kept(server: ServerFactory, tmp_path: Path, ours: Ours) -> None:
    import asyncio
    import io

    from k8s_tutor.kubectl import run

    served = await server()
    await ours(served, "create", "-f", "-", stdin=CONFIG)
    err = io.StringIO()
    code = await asyncio.to_thread(
        run,
        ["edit", "cm", "cm"],
        kubeconfig=served.kubeconfig,
        stdout=io.StringIO(),
        stderr=err,
        cwd=tmp_path,
        env={},
        edit=lambda text, _: text.replace("name: cm", "name: new"),
    )
    lines = err.getvalue().splitlines()
    assert code == 1
    kept = Path(lines[0].removeprefix('A copy of your changes has been stored to "').rstrip('"'))
    assert "name: new" in await asyncio.to_thread(kept.read_text)
    await asyncio.to_thread(kept.unlink)
    assert lines[1] == "error: At least one of apiVersion, kind and name was changed"


async def test_a_watch_ends_with_the_request_timeout(server: ServerFactory, ours: Ours) -> None:
    served = await server()
    watched = await ours(served, "get", "ns", "default", "-w", "--request-timeout=1s", "--no-headers")
    assert watched.code == 0
    assert watched.out.startswith("default")


async def test_the_cluster_is_dumped_to_a_folder(server: ServerFactory, ours: Ours, tmp_path: Path) -> None:
    served = await server()
    told = await ours(served, "cluster-info", "dump", "--output-directory=dump")
    assert told == Output("Cluster info dumped to dump\n", "", 0)
    assert (tmp_path / "dump" / "nodes.json").read_text().startswith('{\n    "kind": "NodeList"')
    assert (tmp_path / "dump" / "default" / "services.json").exists()
