package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

func protobuf(ctx context.Context, c cluster) error {
	notes := c.typed.CoreV1().ConfigMaps(c.namespace)
	made, err := notes.Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "note"}, Data: map[string]string{"a": "1"}, BinaryData: map[string][]byte{"b": {0, 255}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	made.Data["a"] = "2"
	changed, err := notes.Update(ctx, made, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	if changed.Data["a"] != "2" || len(changed.BinaryData["b"]) != 2 || changed.CreationTimestamp.IsZero() {
		return fmt.Errorf("read back as %v", changed)
	}
	if _, err = notes.Update(ctx, made, metav1.UpdateOptions{}); !errors.IsConflict(err) {
		return fmt.Errorf("an old version gave %v", err)
	}
	patched, err := notes.Patch(ctx, "note", types.StrategicMergePatchType, []byte(`{"data":{"c":"3"}}`), metav1.PatchOptions{})
	if err != nil || patched.Data["c"] != "3" {
		return fmt.Errorf("patched to %v, %w", patched, err)
	}
	if err = notes.Delete(ctx, "note", metav1.DeleteOptions{}); err != nil {
		return err
	}
	if _, err = notes.Get(ctx, "note", metav1.GetOptions{}); !errors.IsNotFound(err) {
		return fmt.Errorf("after deletion: %v", err)
	}
	nodes, err := c.typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, node := range nodes.Items {
		if node.Status.Capacity.Cpu().Value() == 0 {
			return fmt.Errorf("node %s has no cpu", node.Name)
		}
	}
	return nil
}

// informing lists and watches pods over protobuf and sees one come, become ready, and go.
func informing(ctx context.Context, c cluster) error {
	factory := informers.NewSharedInformerFactoryWithOptions(c.typed, time.Minute, informers.WithNamespace(c.namespace))
	pods := factory.Core().V1().Pods()
	came, ready, gone := make(chan string, 10), make(chan string, 10), make(chan string, 10)
	_, err := pods.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { came <- object.(*corev1.Pod).Name },
		UpdateFunc: func(_, object any) {
			for _, condition := range object.(*corev1.Pod).Status.Conditions {
				if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
					select {
					case ready <- object.(*corev1.Pod).Name:
					default:
					}
				}
			}
		},
		DeleteFunc: func(object any) { gone <- object.(*corev1.Pod).Name },
	})
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	defer close(stop)
	factory.Start(stop)
	if !cache.WaitForCacheSync(ctx.Done(), pods.Informer().HasSynced) {
		return fmt.Errorf("the cache did not fill")
	}
	client := c.typed.CoreV1().Pods(c.namespace)
	if _, err = client.Create(ctx, pod("informed"), metav1.CreateOptions{}); err != nil {
		return err
	}
	for at, channel := range []chan string{came, ready, gone} {
		if at == 2 {
			if _, err = pods.Lister().Pods(c.namespace).Get("informed"); err != nil {
				return err
			}
			if err = client.Delete(ctx, "informed", metav1.DeleteOptions{}); err != nil {
				return err
			}
		}
		select {
		case name := <-channel:
			if name != "informed" {
				return fmt.Errorf("told of %s", name)
			}
		case <-ctx.Done():
			return fmt.Errorf("event %d did not come", at)
		}
	}
	return nil
}

func apply(ctx context.Context, c cluster) error {
	notes := c.typed.CoreV1().ConfigMaps(c.namespace)
	mine := applycore.ConfigMap("applied", c.namespace).WithData(map[string]string{"a": "1"})
	first, err := notes.Apply(ctx, mine, metav1.ApplyOptions{FieldManager: "one"})
	if err != nil {
		return err
	}
	if len(first.ManagedFields) != 1 || first.ManagedFields[0].Manager != "one" {
		return fmt.Errorf("managers: %v", first.ManagedFields)
	}
	other := applycore.ConfigMap("applied", c.namespace).WithData(map[string]string{"a": "2"})
	if _, err = notes.Apply(ctx, other, metav1.ApplyOptions{FieldManager: "two"}); !errors.IsConflict(err) {
		return fmt.Errorf("another manager's value gave %v", err)
	}
	forced, err := notes.Apply(ctx, other, metav1.ApplyOptions{FieldManager: "two", Force: true})
	if err != nil || forced.Data["a"] != "2" {
		return fmt.Errorf("forced to %v, %w", forced, err)
	}
	extracted, err := applycore.ExtractConfigMap(forced, "two")
	if err != nil || extracted.Data["a"] != "2" {
		return fmt.Errorf("extracted %v, %w", extracted, err)
	}
	return nil
}

func evict(ctx context.Context, c cluster) error {
	pods := c.typed.CoreV1().Pods(c.namespace)
	if _, err := pods.Create(ctx, pod("evicted"), metav1.CreateOptions{}); err != nil {
		return err
	}
	running := func(ctx context.Context) (bool, error) {
		found, err := pods.Get(ctx, "evicted", metav1.GetOptions{})
		return err == nil && found.Status.Phase == corev1.PodRunning, err
	}
	if err := until(ctx, running); err != nil {
		return err
	}
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "evicted"}}
	if err := pods.EvictV1(ctx, eviction); err != nil {
		return err
	}
	return until(ctx, func(ctx context.Context) (bool, error) {
		_, err := pods.Get(ctx, "evicted", metav1.GetOptions{})
		return errors.IsNotFound(err), nil
	})
}
