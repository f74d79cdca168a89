package keylesstest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/log"
	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
	"go.uber.org/zap"
)

// freePort is a port that is free now.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// newKey makes a key, and writes it to a file.
func newKey(t *testing.T, path string) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return key
}

// output keeps what a server writes.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// start runs a server, and waits until it answers at url. It returns a function that
// stops it.
func start(t *testing.T, url, program string, args ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, filepath.Join(os.Getenv("SEAWORTHY_SIGSTORE"), program), args...)
	var text output
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("%s wrote:\n%s", program, tail(text.String()))
		}
	})
	for {
		resp, err := http.Get(url)
		if err == nil {
			_ = resp.Body.Close()
			return stop
		}
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", program, tail(text.String()))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

// fulcio starts the certificate authority for the identity providers of people and of
// jobs, and returns its address and its root certificate.
func fulcio(t *testing.T, dir string, people, jobs *provider, ctLog string) (url string, root *x509.Certificate, stop func()) {
	t.Helper()
	config := filepath.Join(dir, "fulcio.yaml")
	text := "oidc-issuers:\n"
	for url, kind := range map[string]string{people.URL: "email", jobs.URL: "github-workflow"} {
		text += fmt.Sprintf("  %s:\n    issuer-url: %s\n    client-id: sigstore\n    type: %s\n", url, url, kind)
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	stop = start(t, url+"/healthz", "fulcio", "serve", "--host", "127.0.0.1", "--port", fmt.Sprint(port), "--grpc-host", "127.0.0.1", "--grpc-port", fmt.Sprint(freePort(t)),
		"--metrics-port", fmt.Sprint(freePort(t)), "--ca", "ephemeralca", "--ct-log-url", ctLog, "--config-path", config,
		"--legacy-unix-domain-socket", filepath.Join(dir, "fulcio.sock"))
	var bundle struct {
		Chains []struct{ Certificates []string }
	}
	getJSON(t, url+"/api/v2/trustBundle", &bundle)
	if len(bundle.Chains) != 1 || len(bundle.Chains[0].Certificates) != 1 {
		t.Fatalf("trust bundle %+v", bundle)
	}
	return url, certificates(t, []byte(bundle.Chains[0].Certificates[0]))[0], stop
}

func certificates(t *testing.T, text []byte) (out []*x509.Certificate) {
	t.Helper()
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return out
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		out, text = append(out, c), rest
	}
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", url, resp.Status, err, raw)
	}
	return raw
}

func getJSON(t *testing.T, url string, v any) {
	t.Helper()
	if err := json.Unmarshal(get(t, url), v); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
}

// rekorHost is the name of the log in its checkpoints.
const rekorHost = "127.0.0.1"

// rekor starts a transparency log in a folder.
func rekor(t *testing.T, dir string) (url string, key *ecdsa.PrivateKey, stop func()) {
	t.Helper()
	path := filepath.Join(dir, "rekor.pem")
	key = newKey(t, path)
	port := freePort(t)
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	stop = start(t, url+"/healthz", "posix", "serve", "--http-port", fmt.Sprint(port), "--grpc-port", fmt.Sprint(freePort(t)),
		"--http-metrics-port", fmt.Sprint(freePort(t)), "--hostname", rekorHost, "--storage-dir", filepath.Join(dir, "tiles"),
		"--signer-filepath", path, "--checkpoint-interval", "1s", "--batch-max-age", "100ms")
	return url, key, stop
}

// timestamps starts a timestamp authority, and returns the certificates of its
// authority, the leaf first.
func timestamps(t *testing.T) (url string, chain []*x509.Certificate) {
	t.Helper()
	for name, value := range map[string]any{"timestamp-signer": "memory", "timestamp-signer-hash": "sha256", "max-request-body-size": 1 << 20,
		"default-policy-oid": "1.3.6.1.4.1.57264.2", "accepted-policy-oids": []string{"1.3.6.1.4.1.57264.2"}, "enforce-intermediate-eku": true} {
		viper.Set(name, value)
	}
	log.Logger = zap.NewNop().Sugar()
	s := server.NewRestAPIServer("127.0.0.1", freePort(t), []string{"http"}, false, time.Minute, time.Minute)
	s.ConfigureAPI()
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	url = fmt.Sprintf("http://127.0.0.1:%d/api/v1/timestamp", s.Port)
	for { // Serve is about to answer
		resp, err := http.Get(strings.TrimSuffix(url, "/api/v1/timestamp") + "/ping")
		if err == nil {
			_ = resp.Body.Close()
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	return url, certificates(t, get(t, url+"/certchain"))
}
