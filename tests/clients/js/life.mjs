// The official JavaScript client: objects, patches, watch, informer, exec, logs, port-forward, custom objects.
import assert from "node:assert/strict";
import net from "node:net";
import { PassThrough } from "node:stream";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const found = createRequire(`${process.env.CLIENT_NODE}/`).resolve("@kubernetes/client-node");
const k8s = await import(pathToFileURL(found));
const namespace = process.argv[2];
const kc = new k8s.KubeConfig();
kc.loadFromDefault();
const core = kc.makeApiClient(k8s.CoreV1Api);
const apps = kc.makeApiClient(k8s.AppsV1Api);

async function until(condition) {
  const end = Date.now() + 30_000;
  while (!(await condition())) {
    assert(Date.now() < end, "not within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function configMaps() {
  const since = (await core.listNamespacedConfigMap({ namespace })).metadata.resourceVersion;
  const body = { metadata: { name: "note" }, data: { a: "1" } };
  const made = await core.createNamespacedConfigMap({ namespace, body });
  assert(made.metadata.creationTimestamp instanceof Date);
  const patch = { namespace, name: "note", body: [{ op: "add", path: "/data/b", value: "2" }] };
  const patched = await core.patchNamespacedConfigMap(patch);
  assert.deepEqual(patched.data, { a: "1", b: "2" });
  await core.deleteNamespacedConfigMap({ namespace, name: "note" });
  await assert.rejects(core.readNamespacedConfigMap({ namespace, name: "note" }), (error) => error.code === 404);
  const seen = [];
  await new Promise((resolve, reject) => {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const told = (type) => seen.push(type) === 3 && resolve();
    new k8s.Watch(kc).watch(path, { resourceVersion: since, timeoutSeconds: 5 }, told, (error) => error ? reject(error) : resolve());
  });
  assert.deepEqual(seen, ["ADDED", "MODIFIED", "DELETED"]);
}

async function serverSideApply() {
  const objects = k8s.KubernetesObjectApi.makeApiClient(kc);
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "applied", namespace }, data: { k: "v" } };
  const applied = await objects.patch(body, undefined, undefined, "js", true, k8s.PatchStrategy.ServerSideApply);
  assert.equal(applied.metadata.managedFields[0].manager, "js");
  assert.equal(applied.metadata.managedFields[0].operation, "Apply");
}

async function pods() {
  const container = { name: "web", image: "nginx:1.27", ports: [{ containerPort: 80 }] };
  const spec = { containers: [container], terminationGracePeriodSeconds: 1 };
  const list = () => core.listNamespacedPod({ namespace, labelSelector: "app=js" });
  const informer = k8s.makeInformer(kc, `/api/v1/namespaces/${namespace}/pods`, list, "app=js");
  const told = [];
  informer.on("add", (pod) => told.push(`add ${pod.metadata.name}`));
  informer.on("delete", (pod) => told.push(`delete ${pod.metadata.name}`));
  informer.on("error", (error) => told.push(String(error)));
  await informer.start();
  await core.createNamespacedPod({ namespace, body: { metadata: { name: "web", labels: { app: "js" } }, spec } });
  await until(async () => (await core.readNamespacedPod({ namespace, name: "web" })).status.phase === "Running");
  await execute();
  await forward();
  const lines = await core.readNamespacedPodLog({ namespace, name: "web", tailLines: 1 });
  assert.match(lines, /GET \/ HTTP\/1.1" 200/);
  await core.deleteNamespacedPod({ namespace, name: "web" });
  await until(() => told.length === 2);
  assert.deepEqual(told, ["add web", "delete web"]);
  await informer.stop();
}

async function execute() {
  const out = new PassThrough();
  let text = "";
  out.on("data", (chunk) => (text += chunk));
  const status = await new Promise((resolve, reject) => {
    const command = ["sh", "-c", "echo hello; exit 3"];
    new k8s.Exec(kc).exec(namespace, "web", "web", command, out, null, null, false, resolve).catch(reject);
  });
  assert.equal(text, "hello\n");
  assert.equal(status.details.causes[0].message, "3");
}

async function forward() {
  const portForward = new k8s.PortForward(kc);
  const server = net.createServer((socket) => portForward.portForward(namespace, "web", [80], socket, null, socket));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { connection: "close" } });
  assert.match(await answer.text(), /Welcome to nginx!/);
  server.close();
}

async function deployments() {
  const labels = { app: "many" };
  const spec = { containers: [{ name: "web", image: "nginx:1.27" }], terminationGracePeriodSeconds: 1 };
  const template = { metadata: { labels }, spec };
  const body = { metadata: { name: "many" }, spec: { replicas: 2, selector: { matchLabels: labels }, template } };
  await apps.createNamespacedDeployment({ namespace, body });
  const ready = async () => (await apps.readNamespacedDeployment({ namespace, name: "many" })).status.readyReplicas;
  await until(async () => (await ready()) === 2);
  const scale = await apps.readNamespacedDeploymentScale({ namespace, name: "many" });
  scale.spec.replicas = 3;
  await apps.replaceNamespacedDeploymentScale({ namespace, name: "many", body: scale });
  await until(async () => (await ready()) === 3);
  const version = await kc.makeApiClient(k8s.VersionApi).getCode();
  assert.match(version.gitVersion, /^v1\.37/);
}

for (const part of [configMaps, serverSideApply, pods, deployments]) {
  await part();
  console.log(`${part.name} ok`);
}
process.exit(0);
