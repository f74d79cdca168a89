package oci

import (
	"strings"
	"testing"
)

func TestParseReference(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	for ref, want := range map[string]string{
		"nginx":                   "docker.io/library/nginx:latest docker.io library/nginx latest ",
		"linuxkit/init:v1":        "docker.io/linuxkit/init:v1 docker.io linuxkit/init v1 ",
		"index.docker.io/nginx:1": "docker.io/library/nginx:1 docker.io library/nginx 1 ",
		"localhost:5000/a/b":      "localhost:5000/a/b:latest localhost:5000 a/b latest ",
		"ghcr.io/a/b:1@" + digest: "ghcr.io/a/b:1@" + digest + " ghcr.io a/b 1 " + digest,
		"nginx@" + digest:         "docker.io/library/nginx@" + digest + " docker.io library/nginx  " + digest,
		"Nginx":                   "error", "": "error", "a:b:c": "error", "a@sha256:12": "error", "../a": "error", "a b": "error",
		strings.Repeat("ab", 32):               "error", // Docker takes it for an image's ID
		"a@sha512:" + strings.Repeat("ab", 64): "error",
		strings.Repeat("a/", 1000) + "a":       "error",
	} {
		r, err := ParseReference(ref)
		got := strings.Join([]string{r.Name, r.Registry, r.Repository, r.Tag, r.Digest}, " ")
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: got %q, want %q (%v)", ref, got, want, err)
		}
	}
}
