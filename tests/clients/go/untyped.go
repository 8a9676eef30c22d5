package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// dynamics reads and writes without types, deployments and bare metadata.
func dynamics(ctx context.Context, c cluster) error {
	client, err := dynamic.NewForConfig(c.config)
	if err != nil {
		return err
	}
	resource := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	deployments := client.Resource(resource).Namespace(c.namespace)
	labels := map[string]any{"app": "d"}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "d"},
		"spec": map[string]any{
			"replicas": int64(2), "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "c", "image": "nginx:1.27"}}},
			},
		},
	}}
	if _, err = deployments.Apply(ctx, "d", object, metav1.ApplyOptions{FieldManager: "dynamic"}); err != nil {
		return err
	}
	err = until(ctx, func(ctx context.Context) (bool, error) {
		found, err := deployments.Get(ctx, "d", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		ready, _, err := unstructured.NestedInt64(found.Object, "status", "readyReplicas")
		return ready == 2, err
	})
	if err != nil {
		return err
	}
	names, err := metadata.NewForConfig(c.config)
	if err != nil {
		return err
	}
	listed, err := names.Resource(resource).Namespace(c.namespace).List(ctx, metav1.ListOptions{})
	if err != nil || len(listed.Items) != 1 || listed.Items[0].Name != "d" || listed.Items[0].UID == "" {
		return fmt.Errorf("metadata: %v, %w", listed, err)
	}
	watching, err := names.Resource(resource).Namespace(c.namespace).Watch(ctx, metav1.ListOptions{ResourceVersion: listed.ResourceVersion})
	if err != nil {
		return err
	}
	defer watching.Stop()
	if err = deployments.Delete(ctx, "d", metav1.DeleteOptions{}); err != nil {
		return err
	}
	for event := range watching.ResultChan() {
		if event.Type == "DELETED" {
			return nil
		}
	}
	return fmt.Errorf("the deletion was not told")
}

// election: one leads, ends, and the other takes over at once.
func election(ctx context.Context, c cluster) error {
	led := make(chan string, 2)
	campaign := func(name string) (context.CancelFunc, error) {
		lock, err := resourcelock.NewFromKubeconfig(resourcelock.LeasesResourceLock, c.namespace, "leader",
			resourcelock.ResourceLockConfig{Identity: name}, c.config, 2*time.Second)
		if err != nil {
			return nil, err
		}
		mine, resign := context.WithCancel(ctx)
		go leaderelection.RunOrDie(mine, leaderelection.LeaderElectionConfig{
			Lock: lock, LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 200 * time.Millisecond,
			ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { led <- name }, OnStoppedLeading: func() {},
			},
		})
		return resign, nil
	}
	for _, name := range []string{"ann", "bob"} {
		resign, err := campaign(name)
		if err != nil {
			return err
		}
		select {
		case leader := <-led:
			if leader != name {
				return fmt.Errorf("%s leads", leader)
			}
		case <-ctx.Done():
			return fmt.Errorf("%s never led", name)
		}
		resign()
	}
	return nil
}

func discover(ctx context.Context, c cluster) error {
	// Not the typed client's: the version is served as JSON only.
	client, err := discovery.NewDiscoveryClientForConfig(c.config)
	if err != nil {
		return err
	}
	version, err := client.ServerVersion()
	if err != nil || !strings.HasPrefix(version.GitVersion, "v1.37") {
		return fmt.Errorf("version %v, %w", version, err)
	}
	_, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		return err
	}
	watchable := discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list", "watch", "create"}}, lists)
	if len(watchable) < 15 {
		return fmt.Errorf("only %d groups with watchable resources", len(watchable))
	}
	document, err := client.OpenAPISchema()
	if err != nil {
		return err
	}
	if len(document.GetDefinitions().GetAdditionalProperties()) < 500 {
		return fmt.Errorf("openapi has %d definitions", len(document.GetDefinitions().GetAdditionalProperties()))
	}
	return nil
}
