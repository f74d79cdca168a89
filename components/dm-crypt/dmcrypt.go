//go:build linux

// Package dmcrypt is the program dm-crypt, which opens an encrypted disk (LUKS2), and
// encrypts an empty one.
package dmcrypt

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
	"github.com/seaworthy-os/seaworthy/internal/devmapper"
)

// Main runs the program.
func Main() {
	o := opener{devices: block.System, run: applet.Filter, open: open, ask: ask}
	(&applet.Program{Name: "dm-crypt", Usage: "[flags] NAME DEVICE", Flags: o.flags, Run: o.main}).Main()
}

type opener struct {
	devices block.Finder
	run     func(ctx context.Context, stdin io.Reader, args ...string) (string, error)
	open    func(name string, v *volume, o devmapper.Options) (string, error)
	ask     func(text string) ([]byte, error)

	key, label     string
	prompt, format bool
	readOnly, trim bool
	wait           time.Duration
}

func (o *opener) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.key, "key", "", "file with the key, of at least 32 random bytes, such as that of the component tpm-unseal")
	fs.BoolVar(&o.prompt, "prompt", false, "ask for a passphrase on /dev/console; the container needs this device")
	fs.BoolVar(&o.format, "format", false, "encrypt the device if it is empty")
	fs.StringVar(&o.label, "label", "", "label of the encrypted device; a device with another label is not opened")
	fs.BoolVar(&o.readOnly, "read-only", false, "the device cannot be written to")
	fs.BoolVar(&o.trim, "discard", false, "tell the disk which blocks are free; a person who sees the disk then knows how much is used")
	fs.DurationVar(&o.wait, "wait", block.Patience, "how long to wait for the device")
}

// The name is a file name in /dev/mapper, and the label goes into the header.
var (
	nameRE  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	labelRE = regexp.MustCompile(`^[A-Za-z0-9_.-]{0,47}$`)
)

func (o *opener) main(ctx context.Context, w io.Writer, args []string) error {
	switch {
	case len(args) != 2:
		return applet.Usagef("give a name for the opened device, and the encrypted device")
	case !nameRE.MatchString(args[0]):
		return applet.Usagef("the name %q does not match %s", args[0], nameRE)
	case !labelRE.MatchString(o.label):
		return applet.Usagef("the label %q does not match %s", o.label, labelRE)
	case (o.key == "") == !o.prompt:
		return applet.Usagef("give either -key or -prompt")
	case o.format && o.readOnly:
		return applet.Usagef("-format writes to the device, and -read-only does not")
	}
	d, err := o.devices.Wait(ctx, args[1], o.wait)
	if err != nil {
		return err
	}
	c, err := d.Content()
	if err != nil {
		return err
	}
	isNew := c.Type == "" && o.format
	switch {
	case isNew:
		if err := d.MustBeEmpty(); err != nil {
			return err
		}
	case c.Type != luks:
		return fmt.Errorf("%s has %s, not LUKS: it is not opened (with -format, an empty device is encrypted)", d.Path, orNothing(c.Type))
	case o.label != "" && c.Label != o.label:
		return fmt.Errorf("%s has the label %q, want %q", d.Path, c.Label, o.label)
	}
	key, err := o.secret(d, isNew)
	if err != nil {
		return err
	}
	defer clear(key)
	if isNew {
		if err := o.encrypt(ctx, d, key); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: encrypted with LUKS2, %d MiB\n", d.Path, d.Size>>20)
	}
	v, err := o.volume(ctx, d, key)
	if err != nil {
		return err
	}
	path, err := o.open(args[0], v, devmapper.Options{ID: v.id(args[0]), ReadOnly: o.readOnly, Secret: true})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "/dev/mapper/%s (%s) is %s, %s\n", args[0], path, d.Path, v.cipher)
	return nil
}

// luks is the type of an encrypted device, as the package block names it.
const luks = "crypto_LUKS"

func orNothing(s string) string {
	if s == "" {
		return "nothing that is known"
	}
	return s
}

// minKey is the least size of a key in a file. A guess of such a key is hopeless, so the
// header needs no slow hash for it.
const minKey = 32

// maxKey limits how much of a key is read.
const maxKey = 1 << 16

// minPhrase is the least length of a new passphrase.
const minPhrase = 12

// secret is the key, from a file or from a person.
func (o *opener) secret(d *block.Device, isNew bool) ([]byte, error) {
	if o.prompt {
		return o.passphrase(d, isNew)
	}
	f, err := os.Open(o.key)
	if err != nil {
		return nil, fmt.Errorf("the key: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if st.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key %s can be read by other users (mode %04o): make it 0400", o.key, st.Mode().Perm())
	}
	key, err := io.ReadAll(io.LimitReader(f, maxKey+1))
	switch {
	case err != nil:
		return nil, err
	case len(key) < minKey || len(key) > maxKey:
		return nil, fmt.Errorf("the key %s has %d bytes, want %d to %d random bytes: head -c 32 /dev/urandom makes one", o.key, len(key), minKey, maxKey)
	}
	return key, nil
}

func (o *opener) passphrase(d *block.Device, isNew bool) ([]byte, error) {
	phrase, err := o.ask(fmt.Sprintf("Passphrase of %s: ", d.Path))
	if err != nil || !isNew {
		return phrase, err
	}
	if len(phrase) < minPhrase {
		return nil, fmt.Errorf("the passphrase has %d characters: a new one needs at least %d", len(phrase), minPhrase)
	}
	again, err := o.ask("The same passphrase again: ")
	if err != nil {
		return nil, err
	}
	defer clear(again)
	if !bytes.Equal(phrase, again) {
		return nil, errors.New("the two passphrases differ")
	}
	return phrase, nil
}

// encrypt writes a LUKS2 header. A passphrase is made into a key with Argon2id, in as much
// memory as the container has room for. A random key needs no slow hash.
func (o *opener) encrypt(ctx context.Context, d *block.Device, key []byte) error {
	args := []string{"cryptsetup", "luksFormat", "--batch-mode", "--type", "luks2", "--key-file", "-", "--cipher", "aes-xts-plain64", "--key-size", "512"}
	if o.prompt {
		args = append(args, "--pbkdf", "argon2id", "--pbkdf-memory", "131072")
	} else {
		args = append(args, "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
	}
	if o.label != "" {
		args = append(args, "--label", o.label)
	}
	_, err := o.run(ctx, bytes.NewReader(key), append(args, d.Path)...)
	return err
}

// volume asks cryptsetup for the key of the data, and for where the data is.
func (o *opener) volume(ctx context.Context, d *block.Device, key []byte) (*volume, error) {
	text, err := o.run(ctx, nil, "cryptsetup", "luksDump", "--dump-json-metadata", d.Path)
	if err != nil {
		return nil, fmt.Errorf("%w (only LUKS2 is supported)", err)
	}
	v, err := parse([]byte(text), d.Size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Path, err)
	}
	dump, err := o.run(ctx, bytes.NewReader(key), "cryptsetup", "luksDump", "--batch-mode", "--dump-volume-key", "--key-file", "-", d.Path)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if exit.ExitCode() == wrongKey {
			return nil, fmt.Errorf("%s: the key does not open it", d.Path)
		}
		// The output of a program that fails has no key.
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if v.key, err = volumeKey(dump); err != nil {
		return nil, fmt.Errorf("%s: %w", d.Path, err)
	}
	c, err := d.Content()
	if err != nil {
		return nil, err
	}
	v.device, v.uuid, v.discard = d.DevNum, c.UUID, o.trim
	return v, nil
}

// wrongKey is the exit status of cryptsetup if no key slot fits.
const wrongKey = 2

// open makes the device.
func open(name string, v *volume, options devmapper.Options) (path string, err error) {
	d, err := devmapper.Create(name, options)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.Load("crypt", v.table(), v.size); err != nil {
		return "", errors.Join(fmt.Errorf("%w (are the modules dm_crypt and xts loaded?)", err), d.Remove())
	}
	return d.Path, nil
}

// hexadecimal are the digits of a key in cryptsetup's output.
var hexadecimal = regexp.MustCompile(`(?s)MK dump:\s*((?:[0-9a-f]{2}\s*)+)$`)

func volumeKey(dump string) (string, error) {
	m := hexadecimal.FindStringSubmatch(strings.TrimSpace(dump))
	if m == nil {
		return "", errors.New("cryptsetup printed no volume key")
	}
	return strings.Join(strings.Fields(m[1]), ""), nil
}
