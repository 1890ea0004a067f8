package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// serveEtcd is a store of one member that writes without syncing: a cluster for tests need not outlive its machine.
func serveEtcd(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("etcd", flag.ContinueOnError)
	folder := flags.String("data-dir", "", "folder of the data")
	client := flags.String("client", "", "URL that the API server asks")
	peer := flags.String("peer", "", "URL for other members, of which there are none")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	forClients, err := url.Parse(*client)
	if err != nil {
		return fmt.Errorf("-client: %w", err)
	}
	forPeers, err := url.Parse(*peer)
	if err != nil {
		return fmt.Errorf("-peer: %w", err)
	}

	config := embed.NewConfig()
	config.Name, config.Dir = "only", *folder
	config.UnsafeNoFsync = true
	config.LogLevel = "warn"
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*forClients}, []url.URL{*forClients}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*forPeers}, []url.URL{*forPeers}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	server, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	defer server.Close()

	ready := server.Server.ReadyNotify()
	tooLate := time.After(time.Minute)
	for {
		select {
		case <-ready:
			ready, tooLate = nil, nil
		case <-tooLate:
			return errors.New("etcd was not ready within a minute")
		case err := <-server.Err():
			return err
		case <-ctx.Done():
			return nil
		}
	}
}
