package pipeline_test

import (
	"path/filepath"
	"testing"

	store "github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

// A component image is described with the file system that its layers make.
func TestInspectComponent(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "layout")
	ocitest.WriteLayout(t, dir, ocitest.Named("test/web:1", image([]string{"/bin/web"}, ocitest.File("etc/os-release", "ID=test\nPRETTY_NAME=Test\n"), ocitest.Exec("bin/web", "web"))))
	r, err := pipeline.InspectComponent(t.Context(), "test/web:1", store.Options{Paths: []string{dir}, Offline: true, Arch: "amd64"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Kind != "container" || r.Container.Layers != 1 || r.Root.OSRelease["ID"] != "test" || r.Root.Entries < 2 || r.Digest == "" || len(r.Contents) != 1 {
		t.Errorf("%+v %+v", r.Item, r.Root)
	}
}
