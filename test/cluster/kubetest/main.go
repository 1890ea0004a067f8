// Kubetest is the control plane of a Kubernetes cluster as one program, so that a test can have one in seconds.
//
//	kubetest PROGRAM ARGUMENTS...
//
// Pods are not run here: test/cluster/node plays the node.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// What each name runs; the result is the exit code.
var programs = map[string]func(arguments []string) int{
	"etcd":                    untilStopped(serveEtcd),
	"kube-apiserver":          component(apiserver.NewAPIServerCommand),
	"kube-controller-manager": component(controllers.NewControllerManagerCommand),
	"kube-scheduler":          component(func() *cobra.Command { return scheduler.NewSchedulerCommand() }),
	"kubectl":                 runKubectl,
	"pki":                     untilStopped(writePKI),
}

func main() {
	if len(os.Args) > 1 {
		if program, known := programs[os.Args[1]]; known {
			os.Exit(program(os.Args[2:]))
		}
	}
	names := slices.Sorted(maps.Keys(programs))
	fmt.Fprintf(os.Stderr, "usage: kubetest %s ARGUMENTS...\n", strings.Join(names, "|"))
	os.Exit(2)
}

func component(create func() *cobra.Command) func([]string) int {
	return func(arguments []string) int {
		command := create()
		command.SetArgs(arguments)
		return cli.Run(command)
	}
}

func runKubectl(arguments []string) int {
	// kubectl looks at the arguments of the process itself, for its plugins.
	os.Args = append([]string{"kubectl"}, arguments...)
	if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err) // prints it as kubectl does, and exits
	}
	return 0
}

// untilStopped gives a program of ours a context that ends with SIGINT or SIGTERM, and says why it failed.
func untilStopped(run func(context.Context, []string) error) func([]string) int {
	return func(arguments []string) int {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		if err := run(ctx, arguments); err != nil {
			fmt.Fprintln(os.Stderr, "kubetest:", err)
			return 1
		}
		return 0
	}
}
