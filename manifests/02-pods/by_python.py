"""Make a Pod through the official Python client, on the cluster that KUBECONFIG names."""

from kubernetes import client, config

config.load_kube_config()
pod = client.V1Pod(
    metadata=client.V1ObjectMeta(name="by-python"),
    spec=client.V1PodSpec(containers=[client.V1Container(name="main", image="nginx:1.27")]),
)
made = client.CoreV1Api().create_namespaced_pod("pods", pod)
print(made.metadata.name, made.metadata.uid)
