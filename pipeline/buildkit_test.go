package pipeline_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/trust"
	store "github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/component/recipe/layout"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// buildKit is the real BuildKit of testdata/buildkit/go.mod: a daemon, and its client.
type buildKit struct{ client, address string }

// startBuildKit starts the daemon. `make test-buildkit` compiles it.
func startBuildKit(t *testing.T) *buildKit {
	t.Helper()
	programs := os.Getenv("SEAWORTHY_BUILDKIT")
	switch {
	case programs == "":
		t.Skip("SEAWORTHY_BUILDKIT is not set; run: make test-buildkit")
	case os.Getuid() != 0:
		t.Skip("BuildKit needs root here: without root, it needs a further program (rootlesskit)")
	}
	dir := t.TempDir()
	b := &buildKit{client: filepath.Join(programs, "buildctl"), address: "unix://" + filepath.Join(dir, "s")}
	// The Dockerfile of this test runs no program, but the daemon looks for crun.
	cmd := exec.Command(filepath.Join(programs, "buildkitd"), "--addr", b.address, "--root", filepath.Join(dir, "root"), "--containerd-worker=false",
		"--oci-worker=true", "--oci-worker-binary", "crun", "--oci-worker-snapshotter", "native", "--oci-worker-net", "host")
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	for exec.Command(b.client, "--addr", b.address, "debug", "workers").Run() != nil {
		select {
		case <-ended:
			t.Fatalf("buildkitd ended: %s", text.String())
		case <-time.After(100 * time.Millisecond):
		}
	}
	return b
}

// build builds an image into an archive.
func (b *buildKit) build(t *testing.T, more ...string) (archive string) {
	t.Helper()
	archive = filepath.Join(t.TempDir(), "hello.tar")
	args := append([]string{"--addr", b.address, "build", "--frontend", "dockerfile.v0", "--opt", "platform=linux/amd64",
		"--output", "type=oci,dest=" + archive + ",name=docker.io/test/hello:1"}, more...)
	if out, err := exec.Command(b.client, args...).CombinedOutput(); err != nil {
		t.Fatalf("buildctl: %v: %s", err, out)
	}
	return archive
}

const dockerfile = "FROM scratch\nCOPY hello /hello\nENTRYPOINT [\"/hello\"]\n"

// What the real BuildKit writes about an image is read: its provenance in both
// versions, with the builder and the source. BuildKit does not sign it, so it is never
// trusted, also if the image itself is signed.
func TestBuildKit(t *testing.T) {
	b := startBuildKit(t)
	dir := t.TempDir()
	for name, text := range map[string]string{"Dockerfile": dockerfile, "hello": "hello\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	signer := sealtest.Signer(t)
	key := filepath.Join(t.TempDir(), "release.pub")
	if err := os.WriteFile(key, []byte(sealtest.PublicPEM(t, signer.PublicKey())), 0o600); err != nil {
		t.Fatal(err)
	}
	policy := func(t *testing.T, more string) *trust.Policy {
		path := filepath.Join(t.TempDir(), "trust.yml")
		if err := os.WriteFile(path, []byte("authorities: [{name: release, key: "+key+", repositories: [\"*\"]}]\n"+more), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := trust.Load(path, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	explain := func(t *testing.T, p *trust.Policy, images string) *pipeline.Trusted {
		found, err := pipeline.ExplainTrust(t.Context(), p, "test/hello:1", store.Options{Paths: []string{images}, Arch: "amd64", Offline: true})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	local := []string{"--local", "context=" + dir, "--local", "dockerfile=" + dir}
	const builder = "https://ci.example.org/builds/1"
	source := gitServer(t, dir)
	for name, c := range map[string]struct {
		args []string
		kind string
		want facts.Provenance
	}{
		"v1 from a folder":       {append(local, "--opt", "attest:provenance=mode=max,version=v1,builder-id="+builder), statement.Provenance, facts.Provenance{Builder: builder}},
		"v0.2 from a folder":     {append(local, "--opt", "attest:provenance=mode=max,version=v0.2,builder-id="+builder), "https://slsa.dev/provenance/v0.2", facts.Provenance{Builder: builder}},
		"v1 without a builder":   {append(local, "--opt", "attest:provenance=mode=min,version=v1"), statement.Provenance, facts.Provenance{}},
		"v1 from a repository":   {[]string{"--opt", "context=" + source + "#refs/tags/v1", "--opt", "attest:provenance=version=v1,builder-id=" + builder}, statement.Provenance, facts.Provenance{Builder: builder, Source: source, Ref: "refs/tags/v1"}},
		"v0.2 from a repository": {[]string{"--opt", "context=" + source + "#refs/tags/v1", "--opt", "attest:provenance=version=v0.2,builder-id=" + builder}, "https://slsa.dev/provenance/v0.2", facts.Provenance{Builder: builder, Source: source, Ref: "refs/tags/v1"}},
	} {
		t.Run(name, func(t *testing.T) {
			images := unpackedLayout(t, b.build(t, c.args...))
			found := explain(t, policy(t, ""), images)
			if len(found.Attestations) != 1 {
				t.Fatalf("%d statements: %+v", len(found.Attestations), found.Attestations)
			}
			a := found.Attestations[0]
			if a.Provenance == nil || a.PredicateType != c.kind || !a.Readable || !a.SubjectMatches || a.Verified || a.Reason != "it is not signed" {
				t.Fatalf("%+v", a)
			}
			got := *a.Provenance
			if !strings.Contains(got.BuildType, "buildkit") {
				t.Errorf("build type %q", got.BuildType)
			}
			if got.BuildType = ""; got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if missing(found) == "" {
				t.Error("the image is trusted without a signature")
			}
			// A signature of the image makes it trusted, and not its provenance.
			_, digest, _ := strings.Cut(found.Image, "@")
			raw, err := attest.SignStatement(t.Context(), "docker.io/test/hello", digest, statement.CosignSign, struct{}{}, signer)
			if err != nil {
				t.Fatal(err)
			}
			if err := layout.Attach(images, []layout.Attachment{{Subject: digest, MediaType: statement.BundleMediaType, Data: raw, PredicateType: statement.CosignSign, Signer: "release"}}); err != nil {
				t.Fatal(err)
			}
			if m := missing(explain(t, policy(t, ""), images)); m != "" {
				t.Errorf("signed, but: %s", m)
			}
			if m := missing(explain(t, policy(t, "components: [{repositories: [\"*\"], require: {provenance: {}}}]\n"), images)); !strings.Contains(m, "needs signed provenance") {
				t.Errorf("provenance without a signature: %q", m)
			}
		})
	}
}

func missing(found *pipeline.Trusted) string {
	for _, r := range found.Requirements {
		if r.Missing != "" {
			return r.Missing
		}
	}
	return ""
}

// unpackedLayout unpacks the archive of an image layout into a folder.
func unpackedLayout(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-xf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
	return dir
}

// gitServer serves a repository with the files of a folder and the tag v1, as static
// files, and returns its address.
func gitServer(t *testing.T, files string) string {
	t.Helper()
	bare := filepath.Join(t.TempDir(), "app.git")
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(files)); err != nil {
		t.Fatal(err)
	}
	git := func(dir string, args ...string) {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args[0], err, out)
		}
	}
	git(work, "init", "-q", "-b", "main")
	git(work, "add", ".")
	git(work, "commit", "-q", "-m", "app: hello")
	git(work, "tag", "v1")
	git(work, "clone", "-q", "--bare", work, bare)
	git(bare, "update-server-info")
	s := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(bare))))
	t.Cleanup(s.Close)
	return s.URL + "/app.git"
}
