package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// What has a certificate. Those with a kubeconfig are users of the API; the others serve, or dial a server, themselves.
var holders = []struct {
	name       string
	common     string
	group      string
	kubeconfig bool
}{
	{"apiserver", "kube-apiserver", "", false},
	{"kubelet", "system:node:fake", "system:nodes", false},
	{"kubelet-client", "apiserver-kubelet-client", "system:masters", false},
	{"front-proxy", "front-proxy-client", "", false},
	{"admin", "admin", "system:masters", true},
	{"kcm", "system:kube-controller-manager", "", true},
	{"sched", "system:kube-scheduler", "", true},
}

// writePKI writes the CA, a certificate for each holder into DIR/pki, the key that signs the tokens of service accounts,
// and DIR/NAME.conf for each user.
func writePKI(_ context.Context, arguments []string) error {
	flags := flag.NewFlagSet("pki", flag.ContinueOnError)
	folder := flags.String("dir", "", "folder of all that is written")
	server := flags.String("server", "", "URL of the API server, for the kubeconfigs")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	files := filepath.Join(*folder, "pki")
	if err := os.MkdirAll(files, 0o700); err != nil {
		return err
	}
	authority, err := newAuthority()
	if err != nil {
		return err
	}
	if err := authority.save(filepath.Join(files, "ca")); err != nil {
		return err
	}
	if err := writeTokenKey(filepath.Join(files, "sa.key")); err != nil {
		return err
	}
	for _, holder := range holders {
		subject := pkix.Name{CommonName: holder.common}
		if holder.group != "" {
			subject.Organization = []string{holder.group}
		}
		issued, err := authority.issue(subject)
		if err != nil {
			return err
		}
		if !holder.kubeconfig {
			err = issued.save(filepath.Join(files, holder.name))
		} else {
			err = issued.saveKubeconfig(filepath.Join(*folder, holder.name+".conf"), *server, authority)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A certificate and its key, both as PEM too.
type identity struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	certPEM     []byte
	keyPEM      []byte
}

func newAuthority() (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := validFor(pkix.Name{CommonName: "kubetest"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage |= x509.KeyUsageCertSign
	return signed(template, template, key, key)
}

// issue makes a certificate that is good both for asking and for serving on this machine's loopback addresses.
func (authority *identity) issue(subject pkix.Name) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := validFor(subject)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	template.DNSNames = []string{"localhost", "kubernetes.default.svc"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	return signed(template, authority.certificate, key, authority.key)
}

func validFor(subject pkix.Name) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:   subject,
		NotBefore: now.Add(-time.Hour),
		NotAfter:  now.AddDate(1, 0, 0),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
}

func signed(template, by *x509.Certificate, key *ecdsa.PrivateKey, signer crypto.Signer) (*identity, error) {
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = number
	der, err := x509.CreateCertificate(rand.Reader, template, by, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &identity{certificate, key, asPEM("CERTIFICATE", der), asPEM("EC PRIVATE KEY", keyDER)}, nil
}

func (owner *identity) save(path string) error {
	if err := os.WriteFile(path+".crt", owner.certPEM, 0o600); err != nil {
		return err
	}
	return os.WriteFile(path+".key", owner.keyPEM, 0o600)
}

func (owner *identity) saveKubeconfig(path, server string, authority *identity) error {
	user := owner.certificate.Subject.CommonName
	config := api.NewConfig()
	config.Clusters["kubetest"] = &api.Cluster{Server: server, CertificateAuthorityData: authority.certPEM}
	config.AuthInfos[user] = &api.AuthInfo{ClientCertificateData: owner.certPEM, ClientKeyData: owner.keyPEM}
	config.Contexts[user] = &api.Context{Cluster: "kubetest", AuthInfo: user}
	config.CurrentContext = user
	return clientcmd.WriteToFile(*config, path)
}

// Tokens of service accounts are signed with RSA, as most clusters do.
func writeTokenKey(path string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	return os.WriteFile(path, asPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), 0o600)
}

func asPEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
