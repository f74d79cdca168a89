package cli

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
	"github.com/seaworthy-os/seaworthy/scanner"
)

// memoryFlags name the shared store of inventories. .seaworthy.yaml cannot set
// them: a pull request could then choose whose inventories are trusted.
type memoryFlags struct {
	registry, signKey string
	keys              []string
}

// AddMemory adds the flags of the shared store of inventories.
func (f *ResolveFlags) AddMemory(cmd *cobra.Command) { f.memory.add(cmd) }

func (f *memoryFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.registry, "cache-registry", "", "repository with the inventories of component images, for all machines: REGISTRY/REPOSITORY (docs/registries.md)")
	fs.StringArrayVar(&f.keys, "cache-key", nil, "trusted public key for the inventories in --cache-registry (repeatable)")
	fs.StringVar(&f.signKey, "cache-sign-key", "", "private key that signs new inventories for --cache-registry (default: none are written)")
}

// memory opens the shared store of inventories. The caller calls done at the end.
// Without --cache-registry, or with --rescan, the store is nil.
func (c *Streams) memory(ctx context.Context, f *ResolveFlags) (store scanner.Shared, done func(), err error) {
	m := &f.memory
	none := func() {}
	switch {
	case m.registry == "" && (len(m.keys) > 0 || m.signKey != ""):
		return nil, none, system.BadInput("--cache-key and --cache-sign-key need --cache-registry").Suggest("add --cache-registry REGISTRY/REPOSITORY")
	case m.registry == "", f.Offline, f.rescan:
		return nil, none, nil
	}
	o := publish.MemoryOptions{Options: publish.Options{RedirectTo: f.RedirectTo, Note: c.Note}}
	var errs [3]error
	o.Keys, errs[0] = loadKeys(m.keys)
	if m.signKey != "" {
		s, err := attest.LoadSigner(m.signKey, func() ([]byte, error) { return c.Password(ctx) })
		if errs[1] = err; err == nil {
			o.Signer, o.Keys = s, append(o.Keys, s.PublicKey())
		}
	}
	o.Program, errs[2] = programDigest()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, none, err
	}
	memory, err := publish.OpenMemory(ctx, m.registry, o)
	if err != nil {
		return nil, none, err
	}
	return memory, memory.Close, nil
}

// programDigest is the digest of this program: another program may find something
// else in the same image.
func programDigest() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", system.Unusable("this program cannot find its own file").Because(err)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", system.Unusable("this program cannot read its own file").Because(err)
	}
	defer f.Close()
	digest, _, err := digests.Read(f)
	return digest, err
}
