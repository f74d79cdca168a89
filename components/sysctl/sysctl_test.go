package sysctl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := parse("a.conf", []byte("# c\n; c\n\n kernel.kptr_restrict = 2 \n-net/ipv4/conf/eth0.1/rp_filter=1\nkernel.core_pattern = |/bin/false a=b\nempty =\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []setting{
		{"a.conf", 4, "kernel.kptr_restrict", "2", false},
		{"a.conf", 5, "net/ipv4/conf/eth0.1/rp_filter", "1", true},
		{"a.conf", 6, "kernel.core_pattern", "|/bin/false a=b", false},
		{"a.conf", 7, "empty", "", false},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"no value": "kernel.x", "no key": "= 1", "up": "kernel/../../../etc/passwd = x", "up in dots": "../x = 1", "absolute": "/etc/passwd = 1",
		"dots that become up": "a.//.b = 1", "blank inside": "a b = 1", "brackets": "a.[b] = 1", "long": "a = " + strings.Repeat("x", maxValue+1),
	} {
		good := "kernel.ok = 1\n"
		got, err := parse("a.conf", []byte(good+line+"\n"))
		if err == nil || !strings.Contains(err.Error(), "a.conf:2: ") {
			t.Errorf("%s: error %v does not name the line", name, err)
		}
		if len(got) != 1 {
			t.Errorf("%s: the valid line is missing", name)
		}
	}
}

func TestKeyPath(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"net.ipv4.conf.eth0/1.forwarding": "net/ipv4/conf/eth0.1/forwarding",
		"net/ipv4/conf/eth0.1/forwarding": "net/ipv4/conf/eth0.1/forwarding",
		"kernel.sysrq":                    "kernel/sysrq",
	} {
		if got, err := keyPath(key); got != want || err != nil {
			t.Errorf("%s: %q, %v", key, got, err)
		}
	}
}

func tree(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, f := range files {
		p := filepath.Join(root, f)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestRun(t *testing.T) {
	t.Parallel()
	root := tree(t, "kernel/a", "kernel/b", "net/conf/x/f", "net/conf/y/f")
	dir := t.TempDir()
	first, second := filepath.Join(dir, "10-a.conf"), filepath.Join(dir, "20-b.conf")
	os.WriteFile(first, []byte("kernel.a = 1\nkernel.b = 1\nnet.conf.*.f = 7\n-kernel.absent = 1\n"), 0o644)
	os.WriteFile(second, []byte("kernel.b = 2\n"), 0o644)
	var out strings.Builder
	if !run(&out, root, []string{second, first}) {
		t.Fatalf("failed: %s", out.String())
	}
	for f, want := range map[string]string{"kernel/a": "1", "kernel/b": "2", "net/conf/x/f": "7", "net/conf/y/f": "7"} {
		b, _ := os.ReadFile(filepath.Join(root, f))
		if got := strings.TrimSpace(string(b)); got != want {
			// a plain file keeps what an earlier, longer write left
			t.Errorf("%s: %q, want %q", f, got, want)
		}
	}
	if want := first + ":4: skipped: kernel.absent = 1: the kernel has no such parameter\n"; !strings.Contains(out.String(), want) {
		t.Errorf("output %q lacks %q", out.String(), want)
	}
	if !strings.Contains(out.String(), "5 parameters set, 0 failed\n") {
		t.Errorf("output %q", out.String())
	}
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	root := tree(t, "kernel/a")
	file := filepath.Join(t.TempDir(), "a.conf")
	os.WriteFile(file, []byte("kernel.absent = 1\nkernel.a = 1\nkernel.none = 2\n"), 0o644)
	var out strings.Builder
	if run(&out, root, []string{file, file + ".missing"}) {
		t.Fatal("passed")
	}
	for _, want := range []string{":1: kernel.absent = 1: ", ":3: kernel.none = 2: ", ".missing: no such file", "1 parameters set, 2 failed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output %q lacks %q", out.String(), want)
		}
	}
}

// A parameter that already has its value is not written, so no permission is
// needed.
func TestAlreadySet(t *testing.T) {
	t.Parallel()
	root := tree(t)
	dir := filepath.Join(root, "kernel")
	os.MkdirAll(dir, 0o755)
	os.WriteFile(filepath.Join(dir, "printk"), []byte("4\t4\t1\t7\n"), 0o444)
	before, _ := os.Stat(filepath.Join(dir, "printk"))
	if n, errs := (setting{key: "kernel.printk", value: "4 4 1  7"}).apply(root); n != 1 || errs != nil {
		t.Fatal(n, errs)
	}
	b, _ := os.ReadFile(filepath.Join(dir, "printk"))
	after, _ := os.Stat(filepath.Join(dir, "printk"))
	if string(b) != "4\t4\t1\t7\n" || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("the parameter was written: %q", b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("kernel.a = 1\n-net/x = 2\n#\n")
	f.Add("../.. = 1\n=\n*\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, _ := parse("f", []byte(text))
		for _, s := range got {
			p, err := keyPath(s.key)
			if err != nil || !filepath.IsLocal(p) {
				t.Fatalf("%q gave path %q, %v", s.key, p, err)
			}
		}
	})
}
