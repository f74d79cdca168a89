package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/secureboot"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// secureBootFlags name the key that signs UKIs.
type secureBootFlags struct{ key, command, cert, enrolled string }

func (f *secureBootFlags) add(cmd *cobra.Command) {
	formats := strings.Join(image.Formats(image.HoldsUKI), ", ")
	cmd.Flags().StringVar(&f.key, "secure-boot-key", "", "private key (RSA) that signs the UKI for Secure Boot: a PEM file, or NAME://KEY for the plugin sigstore-kms-NAME; in the formats "+formats)
	cmd.Flags().StringVar(&f.command, "secure-boot-signer-command", "", "command that signs the UKI for Secure Boot, instead of --secure-boot-key (docs/signing.md)")
	cmd.Flags().StringVar(&f.cert, "secure-boot-cert", "", "certificate of --secure-boot-key, which the firmware knows")
	cmd.Flags().StringVar(&f.enrolled, "secure-boot-enrolled", "", "folder with PK.esl, KEK.esl, db.esl, and dbx.esl if there is one: what the firmware has enrolled, to predict PCR 7")
}

// signer reads the key pair. It returns nil if no flag is given.
func (f *secureBootFlags) signer(ctx context.Context, c *verbs) (uki.Signer, error) {
	flag, ref := "--secure-boot-key", f.key
	if f.command != "" {
		flag, ref = "--secure-boot-signer-command", f.command
	}
	switch {
	case ref == "" && f.cert == "":
		return nil, nil
	case f.key != "" && f.command != "":
		return nil, system.BadInput("--secure-boot-key and --secure-boot-signer-command cannot be used together").Suggest("give only one of them")
	case f.cert == "":
		return nil, system.BadInput("%s needs --secure-boot-cert", flag).Suggest("give the certificate of the key too")
	case ref == "":
		return nil, system.BadInput("--secure-boot-cert needs --secure-boot-key").Suggest("give the key of the certificate too")
	}
	flags := flag + " " + ref + ", --secure-boot-cert " + f.cert
	cert, certErr := cli.ReadPEM("--secure-boot-cert", f.cert)
	if f.command == "" && !attest.IsKMS(f.key) {
		key, err := cli.ReadPEM(flag, f.key)
		if err := errors.Join(err, certErr); err != nil {
			return nil, err
		}
		pair, err := uki.ParseKeyPair(key, cert)
		if err != nil {
			return nil, system.Within(flags, err)
		}
		return pair, nil
	}
	if certErr != nil {
		return nil, certErr
	}
	parsed, err := uki.ParseCertificate(cert)
	if err != nil {
		return nil, system.Within("--secure-boot-cert "+f.cert, err)
	}
	key, err := c.ExternalKey(ctx, f.key, f.command)
	if err != nil {
		return nil, system.Within(flag, err)
	}
	signer, err := uki.NewSigner(key, parsed)
	return signer, system.Within(flags, err)
}

// maxLists limits the size of a file with signature lists. Microsoft's dbx has 24 KiB.
const maxLists = 1 << 20

// variables reads --secure-boot-enrolled. It returns nil if the flag is not given.
func (f *secureBootFlags) variables() ([]secureboot.Variable, error) {
	if f.enrolled == "" {
		return nil, nil
	}
	flag := "--secure-boot-enrolled " + f.enrolled
	files := map[string][]byte{}
	for _, name := range []string{"PK", "KEK", "db", "dbx"} {
		data, err := bounded.ReadFile(filepath.Join(f.enrolled, name+".esl"), maxLists)
		if name == "dbx" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, system.BadInput("%s: %s.esl cannot be read", flag, name).Because(err).
				Suggest("give the folder that seaworthy key generate --secure-boot wrote, or read the variables of the machine with efi-readvar -v %s -o %s.esl", name, name)
		}
		files[name] = data
	}
	vars, err := secureboot.ReadVariables(files)
	return vars, system.Within(flag, err)
}

// secureBootKeys are the flags of key generate --secure-boot.
type secureBootKeys struct {
	on              bool
	name, now, arch string
}

func (f *secureBootKeys) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.BoolVar(&f.on, "secure-boot", false, "make keys for UEFI Secure Boot: PK, KEK and db")
	fs.StringVar(&f.name, "name", "Seaworthy", "with --secure-boot: name in the certificates")
	fs.StringVar(&f.now, "now", "", "with --secure-boot: first day of the certificates, and date of the signed changes: RFC 3339 or YYYY-MM-DD (default: the clock)")
	fs.StringVar(&f.arch, "arch", runtime.GOARCH, "with --secure-boot: architecture of the variable store: amd64 or arm64")
	for _, name := range []string{"secure-boot", "name", "now", "arch"} {
		cli.Own(cmd, name)
	}
}

// given reports whether the keys are wanted. The other flags need --secure-boot.
func (f *secureBootKeys) given(cmd *cobra.Command) (bool, error) {
	for _, name := range []string{"name", "now", "arch"} {
		if !f.on && cmd.Flags().Changed(name) {
			return false, system.BadInput("--%s needs --secure-boot", name).Suggest("add --secure-boot, or leave out --%s", name)
		}
	}
	return f.on, nil
}

// certificateYears is how long new certificates are valid. Firmware does not look
// at dates, so an old certificate is no reason to hurry.
const certificateYears = 10

// generateSecureBoot writes new keys, and prints what each file is for.
func (c *verbs) generateSecureBoot(ctx context.Context, dir string, f secureBootKeys) error {
	now, err := cli.ParseNow(f.now)
	if err != nil {
		return err
	}
	fw, known := boot.FirmwareOf(f.arch)
	if !known {
		return system.BadInput("--arch %s: no firmware is known", f.arch).Suggest("use amd64 or arm64")
	}
	now = now.Truncate(time.Second)
	keys, err := secureboot.GenerateKeys(secureboot.KeyOptions{Name: f.name, NotBefore: now, NotAfter: now.AddDate(certificateYears, 0, 0)})
	if err != nil {
		return err
	}
	files, err := keys.Files(ctx, now)
	if err != nil {
		return err
	}
	store, missing, err := variableStore(fw, keys, now)
	if err != nil {
		return err
	}
	if store != nil {
		files = append(files, *store)
	}
	if err := secureboot.Write(dir, files); err != nil {
		return err
	}
	for _, file := range files {
		fmt.Fprintf(c.Err, "%-14s %s\n", file.Name, file.Use)
	}
	if missing != "" {
		fmt.Fprintf(c.Err, "seaworthy: no variable store was written: %s\n", missing)
	}
	fmt.Fprintf(c.Err, "seaworthy: wrote keys for Secure Boot in %s; the private keys are not encrypted\n", dir)
	return nil
}

// variableStore makes the store for QEMU. If its template is not installed, it says
// what to install.
func variableStore(fw boot.Firmware, keys *secureboot.Keys, at time.Time) (*secureboot.File, string, error) {
	template, err := bounded.ReadFile(fw.Template, secureboot.MaxTemplate)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "its template is in Debian's package " + fw.Package, nil
	}
	if err != nil {
		return nil, "", system.NotRead(fw.Template, err)
	}
	vars, err := keys.Enrolment().Variables()
	if err != nil {
		return nil, "", err
	}
	data, err := secureboot.VariableStore(template, vars, at)
	if err != nil {
		return nil, "", err
	}
	name, _, _ := strings.Cut(filepath.Base(fw.Template), "VARS")
	return &secureboot.File{Name: name + "VARS.fd", Data: data, Use: "variable store with the keys: boot --secure-boot-vars"}, "", nil
}

// secureBootStore reads the variable store for a machine. It returns nil if Secure
// Boot is not wanted.
func secureBootStore(on bool, path string) ([]byte, error) {
	switch {
	case !on && path == "":
		return nil, nil
	case !on:
		return nil, system.BadInput("--secure-boot-vars needs --secure-boot").Suggest("add --secure-boot")
	case path == "":
		return nil, system.BadInput("--secure-boot needs --secure-boot-vars").Suggest("make a variable store with: seaworthy key generate --secure-boot")
	}
	store, err := bounded.ReadFile(path, secureboot.MaxTemplate)
	if err != nil {
		return nil, system.BadInput("--secure-boot-vars %s cannot be read", path).Because(err).Suggest("make a variable store with: seaworthy key generate --secure-boot")
	}
	if err := secureboot.CheckStore(store); err != nil {
		return nil, system.Within("--secure-boot-vars "+path, err)
	}
	return store, nil
}
