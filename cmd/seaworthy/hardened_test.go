package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// hardenedKernel is the folder of our own kernel.
const hardenedKernel = "../../components/kernel-hardened"

// The options of our kernel are those that the rules ask for. If a rule changes, so must
// the kernel.
func TestKernelFollowsRules(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(hardenedKernel, "policy.*.config"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no policy files: %v", err)
	}
	header := regexp.MustCompile(`^# Linux (\S+) for (\S+): what the policy (\S+) needs\.\n`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := header.FindSubmatch(data)
		if m == nil || string(m[3]) != "strict" || filepath.Base(file) != "policy."+string(m[2])+".config" {
			t.Errorf("%s does not begin like a fragment of strict for its architecture", file)
			continue
		}
		args := []string{"kernel", "fragment", "--policy", string(m[3]), "--version", string(m[1]), "--arch", string(m[2])}
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != cli.ExitPass {
			t.Fatalf("seaworthy %v: exit code %d\n%s", args, code, errs.String())
		}
		if !bytes.Equal(out.Bytes(), data) {
			t.Errorf("%s differs from what the rules ask for; run: seaworthy %s > components/kernel-hardened/%s", file, strings.Join(args, " "), filepath.Base(file))
		}
	}
}
