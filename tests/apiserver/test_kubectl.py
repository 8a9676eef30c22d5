"""The real kubectl against the API server."""

from tests.conftest import Kubectl, ServerFactory


async def test_get_namespaces_as_a_table(server: ServerFactory, kubectl: Kubectl) -> None:
    served = await server()
    done = await kubectl(served, "get", "namespaces", "-o", "name")
    assert done.code == 0, done.err
    assert "namespace/kube-system" in done.out.split()


async def test_create_configmap_and_read_it_back(server: ServerFactory, kubectl: Kubectl) -> None:
    served = await server()
    made = await kubectl(served, "create", "configmap", "notes", "--from-literal=a=b")
    assert made.out == "configmap/notes created\n", made.err
    shown = await kubectl(served, "get", "configmap", "notes", "-o", "jsonpath={.data.a}")
    assert shown.out == "b"
