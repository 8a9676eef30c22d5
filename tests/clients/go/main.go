// Program clients talks to a practice cluster as operators written in Go do: typed clients and informers over protobuf,
// apply configurations, the dynamic client, leader election, discovery. It prints one line for each part that held.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

type cluster struct {
	namespace string
	config    *rest.Config
	typed     kubernetes.Interface
}

type part struct {
	name string
	run  func(context.Context, cluster) error
}

func main() {
	parts := []part{
		{"protobuf", protobuf},
		{"informers", informing},
		{"apply", apply},
		{"dynamic", dynamics},
		{"election", election},
		{"discovery", discover},
		{"eviction", evict},
	}
	c, err := connect(os.Args[1])
	for at := 0; err == nil && at < len(parts); at++ {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		err = parts[at].run(ctx, c)
		cancel()
		if err != nil {
			err = fmt.Errorf("%s: %w", parts[at].name, err)
		} else {
			fmt.Println(parts[at].name, "ok")
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func connect(namespace string) (cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return cluster{}, err
	}
	config.QPS, config.Burst = 200, 400
	over := rest.CopyConfig(config)
	over.ContentType = "application/vnd.kubernetes.protobuf"
	over.AcceptContentTypes = "application/vnd.kubernetes.protobuf"
	typed, err := kubernetes.NewForConfig(over)
	return cluster{namespace, config, typed}, err
}

func until(ctx context.Context, condition func(context.Context) (bool, error)) error {
	return wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, condition)
}

func pod(name string) *corev1.Pod {
	second := int64(1)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			Containers:                    []corev1.Container{{Name: "main", Image: "nginx:1.27"}},
			TerminationGracePeriodSeconds: &second,
		},
	}
}
