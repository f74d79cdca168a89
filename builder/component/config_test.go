package component

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// The index gives the platform that a config leaves out. Without an index, the
// wanted platform is assumed, as in Docker. A command may be one string.
func TestFindIncompleteConfig(t *testing.T) {
	img := ocitest.ImageOf(entries{ocitest.File("a", "x")})
	img.Config = ocitest.Config{Cmd: []string{"c"}, Entrypoint: []string{"e"}}
	whole := string(ocitest.Index{img}.Build().Blobs[ocitest.Index{img}.Build().Configs[0]])
	with := func(pairs ...string) ocitest.Image {
		i := img
		i.RawConfig = []byte(strings.NewReplacer(pairs...).Replace(whole))
		return i
	}
	bare := with(`"architecture":"amd64"`, `"architecture":""`, `"os":"linux"`, `"os":""`)
	absent := with(`"architecture":"amd64",`, ``, `"os":"linux",`, ``)
	for name, b := range map[string]*ocitest.Built{
		"listed": ocitest.Index{bare}.Build(), "alone": bare.Build(), "absent": absent.Build(), "beside another": ocitest.Index{{Arch: "arm64", Layers: img.Layers}, absent}.Build(),
		"a string": with(`["c"]`, `"c d"`, `["e"]`, `"e"`).Build(), "null": with(`["c"]`, `null`, `["e"]`, `[]`).Build(),
	} {
		got := find(t, storeOf(t, b, Options{}), "docker.io/test/x:1")
		if got.Config.Architecture != "amd64" || got.Config.OS != "linux" {
			t.Errorf("%s: %s/%s", name, got.Config.OS, got.Config.Architecture)
		}
		want := "[e] [c]"
		switch name {
		case "a string":
			want = "[e] [c d]"
		case "null":
			want = "[] []"
		}
		if cmd := fmt.Sprint(got.Config.Entrypoint, " ", got.Config.Cmd); name == "a string" && len(got.Config.Cmd) != 1 || cmd != want {
			t.Errorf("%s: the command is %s", name, cmd)
		}
	}
	for name, b := range map[string]*ocitest.Built{
		"another architecture": with(`"architecture":"amd64"`, `"architecture":"arm64"`, `"os":"linux"`, `"os":""`).Build(),
		"listed as another":    ocitest.Index{with(`"architecture":"amd64"`, `"architecture":"arm64"`)}.Build(),
		"another system":       with(`"architecture":"amd64"`, `"architecture":""`, `"os":"linux"`, `"os":"windows"`).Build(),
		"a number":             with(`["c"]`, `7`).Build(),
		"a list in a list":     with(`["c"]`, `[["c"]]`).Build(),
	} {
		if _, err := storeOf(t, b, Options{}).Find(context.Background(), "docker.io/test/x:1", system.Position{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
