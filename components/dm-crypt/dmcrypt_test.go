//go:build linux

package dmcrypt

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
	"github.com/seaworthy-os/seaworthy/internal/devmapper"
)

// oneDisk is a machine with one disk of this size.
func oneDisk(t *testing.T, size int64) (block.Finder, string) {
	t.Helper()
	dir := t.TempDir()
	f := block.Finder{Sys: filepath.Join(dir, "sys"), Dev: filepath.Join(dir, "dev")}
	path := filepath.Join(f.Dev, "vda")
	if err := errors.Join(os.MkdirAll(filepath.Join(f.Sys, "vda"), 0o755), os.Mkdir(f.Dev, 0o755),
		os.WriteFile(filepath.Join(f.Sys, "vda", "size"), fmt.Appendf(nil, "%d\n", size/512), 0o644),
		os.WriteFile(filepath.Join(f.Sys, "vda", "dev"), []byte("252:0\n"), 0o644),
		os.WriteFile(path, nil, 0o644), os.Truncate(path, size)); err != nil {
		t.Fatal(err)
	}
	return f, path
}

func keyFile(t *testing.T, content string, mode os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key")
	if err := errors.Join(os.WriteFile(name, []byte(content), 0o600), os.Chmod(name, mode)); err != nil {
		t.Fatal(err)
	}
	return name
}

const key = "0123456789abcdef0123456789abcdef"

// TestReal encrypts a disk with the real cryptsetup, and opens it again: with the same
// key, and not with another key or another label. cryptsetup accepts the key that the
// program found as that of the data.
func TestReal(t *testing.T) {
	t.Parallel()
	if _, err := applet.Find("cryptsetup"); err != nil {
		t.Skipf("skipped: cryptsetup is not installed: %v", err)
	}
	devices, path := oneDisk(t, 64<<20)
	var opened *volume
	do := func(o opener) (string, error) {
		opened = nil
		o.devices, o.run = devices, applet.Filter
		o.open = func(_ string, v *volume, _ devmapper.Options) (string, error) { opened = v; return "/dev/dm-0", nil }
		var out bytes.Buffer
		err := o.main(t.Context(), &out, []string{"vault", path})
		return out.String(), err
	}
	good := keyFile(t, key, 0o400)
	if _, err := do(opener{key: good}); err == nil || !strings.Contains(err.Error(), "with -format, an empty device is encrypted") {
		t.Error(err)
	}
	out, err := do(opener{key: good, format: true, label: "secret"})
	if err != nil || !strings.Contains(out, path+": encrypted with LUKS2, 64 MiB\n/dev/mapper/vault (/dev/dm-0) is "+path+", aes-xts-plain64\n") {
		t.Fatalf("%q, %v", out, err)
	}
	first := *opened
	if len(first.key) != 128 || first.device != "252:0" || first.offset != 16<<20 || first.size != 48<<20 || len(first.id("vault")) != len("CRYPT-LUKS2--vault")+32 {
		t.Errorf("%d digits, device %s, offset %d, size %d, %s", len(first.key), first.device, first.offset, first.size, first.id("vault"))
	}
	// A second boot does not format it, and a passphrase is another key.
	if out, err := do(opener{key: good, format: true, label: "secret"}); err != nil || strings.Contains(out, "encrypted with") || opened.key != first.key {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := do(opener{key: good, label: "other"}); err == nil || !strings.Contains(err.Error(), `has the label "secret", want "other"`) {
		t.Error(err)
	}
	if _, err := do(opener{key: keyFile(t, strings.ToUpper(key), 0o400)}); err == nil || !strings.Contains(err.Error(), "the key does not open it") || opened != nil {
		t.Error(err)
	}
	wrong := func(string) ([]byte, error) { return []byte("wrong passphrase"), nil }
	if _, err := do(opener{prompt: true, ask: wrong}); err == nil || !strings.Contains(err.Error(), "the key does not open it") {
		t.Error(err)
	}
	raw, err := hex.DecodeString(first.key)
	if err != nil {
		t.Fatal(err)
	}
	file := keyFile(t, string(raw), 0o400)
	if _, err := applet.Filter(t.Context(), strings.NewReader("another passphrase"), "cryptsetup", "luksAddKey", "--batch-mode", "--volume-key-file", file,
		"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", path, "-"); err != nil {
		t.Errorf("cryptsetup does not accept the volume key: %v", err)
	}
	if out, err := do(opener{prompt: true, ask: func(string) ([]byte, error) { return []byte("another passphrase"), nil }}); err != nil || opened.key != first.key {
		t.Errorf("%q, %v", out, err)
	}
}

// A new passphrase is typed twice, and is not short.
func TestPassphrase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answers []string
		want    string
	}{
		{[]string{"short"}, "needs at least 12"},
		{[]string{"long enough, yes", "another one, long"}, "the two passphrases differ"},
		{[]string{"long enough, yes", "long enough, yes"}, "luksFormat --batch-mode --type luks2 --key-file - --cipher aes-xts-plain64 --key-size 512 --pbkdf argon2id --pbkdf-memory 131072"},
	} {
		devices, path := oneDisk(t, 1<<20)
		o := opener{devices: devices, prompt: true, format: true}
		o.ask = func(string) ([]byte, error) {
			first := c.answers[0]
			c.answers = c.answers[1:]
			return []byte(first), nil
		}
		o.run = func(_ context.Context, stdin io.Reader, args ...string) (string, error) {
			b, err := io.ReadAll(stdin)
			if err != nil || strings.Contains(strings.Join(args, " "), string(b)) {
				t.Errorf("the passphrase is in the arguments: %q, %v", args, err)
			}
			return "", errors.New(strings.Join(args, " "))
		}
		if err := o.main(t.Context(), io.Discard, []string{"vault", path}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	devices, path := oneDisk(t, 1<<20)
	for want, o := range map[string]opener{
		"either -key or -prompt":                 {},
		"either -key or -prompt ":                {key: "/k", prompt: true},
		"-read-only does not":                    {key: "/k", format: true, readOnly: true},
		"the label \"a b\" does not":             {key: "/k", label: "a b"},
		"no such file":                           {key: filepath.Join(t.TempDir(), "key"), format: true},
		"can be read by other users (mode 0440)": {key: keyFile(t, key, 0o440), format: true},
		"has 31 bytes, want 32":                  {key: keyFile(t, key[1:], 0o400), format: true},
		"has nothing that is known, not LUKS":    {key: keyFile(t, key, 0o400)},
	} {
		o.devices = devices
		if err := o.main(t.Context(), io.Discard, []string{"vault", path}); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	o := opener{key: "/k"}
	if err := o.main(t.Context(), io.Discard, []string{"../vault", path}); err == nil || !strings.Contains(err.Error(), "does not match") {
		t.Error(err)
	}
	if err := os.WriteFile(path, append(make([]byte, 5000), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	o = opener{devices: devices, key: keyFile(t, key, 0o400), format: true}
	if err := o.main(t.Context(), io.Discard, []string{"vault", path}); err == nil || !strings.Contains(err.Error(), "it is not overwritten") {
		t.Error(err)
	}
}

// The metadata come from the disk: what they say cannot lead outside it, or add
// parameters to the table.
func TestParse(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	segment := func(changes ...string) string {
		s := `{"segments":{"0":{"type":"crypt","offset":"16777216","size":"dynamic","iv_tweak":"0","encryption":"aes-xts-plain64","sector_size":4096}}}`
		for i := 0; i < len(changes); i += 2 {
			s = strings.Replace(s, changes[i], changes[i+1], 1)
		}
		return s
	}
	v, err := parse([]byte(segment()), size+1000)
	if err != nil {
		t.Fatal(err)
	}
	v.key, v.device, v.discard = "00ff", "253:1", true
	if got := v.table(); got != "aes-xts-plain64 00ff 0 253:1 32768 2 allow_discards sector_size:4096" || v.size != 48<<20 {
		t.Errorf("%q, size %d", got, v.size)
	}
	v, err = parse([]byte(segment(`"dynamic"`, `"1048576"`, "4096", "512", `"iv_tweak":"0"`, `"iv_tweak":"8"`)), size)
	if err != nil {
		t.Fatal(err)
	}
	v.key, v.device = "00ff", "253:1"
	if got := v.table(); got != "aes-xts-plain64 00ff 8 253:1 32768" || v.size != 1<<20 {
		t.Errorf("%q, size %d", got, v.size)
	}
	for want, changes := range map[string][]string{
		"the metadata of LUKS2":       {"{", "["},
		"several parts":               {`"0":`, `"1":`},
		"several parts ":              {`"type"`, `"flags":["backup-final"],"type"`},
		"does not begin on":           {"16777216", "67108864"},
		"does not begin on ":          {"16777216", "-1"},
		"does not begin on  ":         {"16777216", "99999999999999999999"},
		"does not end on":             {"dynamic", "67108864"},
		"does not end on ":            {"dynamic", "0"},
		"is not supported":            {"aes-xts-plain64", "aes-xts-plain64 00 0 8:0"},
		"is not supported ":           {"aes-xts-plain64", "cipher_null-ecb-null"},
		"is not supported  ":          {`"crypt"`, `"linear"`},
		"sectors of 1 bytes":          {"4096", "1"},
		"checksums":                   {`"type"`, `"integrity":{"type":"hmac(sha256)"},"type"`},
		"number of the first sector":  {`"iv_tweak":"0"`, `"iv_tweak":"-1"`},
		"number of the first sector ": {`"iv_tweak":"0"`, `"iv_tweak":"x"`},
	} {
		if _, err := parse([]byte(segment(changes...)), size); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("%v: %v, want %q", changes, err, want)
		}
	}
	for dump, want := range map[string]string{
		"LUKS header information for x\nMK bits:       16\nMK dump:\t00 ff \n\t\ta0 ": "00ffa0", "MK dump:": "", "": "", "MK dump:\t00 zz": "",
	} {
		if got, err := volumeKey(dump); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", dump, got, err)
		}
	}
}

// TestOpen opens a device with the kernel, if this machine has the device mapper.
func TestOpen(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/mapper/control"); err != nil {
		if _, err := open("x", &volume{}, devmapper.Options{}); err == nil || !strings.Contains(err.Error(), "dm_mod") {
			t.Errorf("%v", err)
		}
		return
	}
	_, err := open(fmt.Sprintf("seaworthy-test-%d", os.Getpid()), &volume{cipher: "no-such-cipher", key: "00", device: "0:0", size: 512}, devmapper.Options{Secret: true})
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) {
		t.Errorf("a cipher that does not exist was accepted: %v", err)
	}
}
