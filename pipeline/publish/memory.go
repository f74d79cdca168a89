package publish

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// Memory is the shared store of an organisation: a repository with signed
// inventories of component images. Each inventory is a referrer of the image's
// digest, under a tag that follows from the image, the program and the key of the
// inventory. It implements scanner.Shared.
//
// An inventory is used only if a trusted key signed a statement that names the
// digest of the image, the program, the key and the digest of the inventory. So
// entries of strangers, of other programs and of other images are never used.
// Errors of the registry are reported once, and the component is scanned.
type Memory struct {
	ctx      context.Context
	r        *remote
	program  string
	verifier *verify.Verifier
	signer   attest.Signer
	note     func(string)

	mu            sync.Mutex
	down          bool
	loaded, saved int
	ignored       int
	missed        map[string]bool // tags without a usable entry: not asked again
}

// MemoryOptions say who may write to the memory.
type MemoryOptions struct {
	Options
	// Program identifies the program and everything on which an inventory depends.
	Program string
	// Keys may have signed inventories. At least one is needed.
	Keys []crypto.PublicKey
	// Signer signs new inventories; nil writes nothing.
	Signer attest.Signer
}

// maxInventory is the largest size of an inventory, unpacked. maxInventoryBundle is
// that of its signature.
const (
	maxInventory       = 256 << 20
	maxInventoryBundle = 1 << 20
)

// inventoryPredicate is what is signed about an inventory.
type inventoryPredicate struct {
	Program string               `json:"program"`
	Key     string               `json:"key"`
	Content statement.Descriptor `json:"content"`
}

// OpenMemory opens a repository, REGISTRY/REPOSITORY. It asks no server. The context
// ends all requests.
func OpenMemory(ctx context.Context, reference string, o MemoryOptions) (*Memory, error) {
	if len(o.Keys) == 0 {
		return nil, system.BadInput("no key is given for the inventories in %s", reference).Suggest("give the public key of the machine that writes them: --cache-key FILE")
	}
	v, err := verify.New(verify.Policy{Keys: o.Keys, Now: time.Unix(0, 0)})
	if err != nil {
		return nil, err
	}
	r, err := open(reference, o.Options)
	if err != nil {
		return nil, err
	}
	return &Memory{ctx: ctx, r: r, program: o.Program, verifier: v, signer: o.Signer, note: o.Options.note, missed: map[string]bool{}}, nil
}

// Close says what was used, and closes idle connections.
func (m *Memory) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.loaded+m.saved+m.ignored > 0 {
		m.note(fmt.Sprintf("%s from the shared store, %d written, %d ignored", words.Count(m.loaded, "inventory", "inventories"), m.saved, m.ignored))
	}
	m.r.Close()
}

// tagOf is the tag of an inventory.
func (m *Memory) tagOf(img *system.Image, key string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", img.Manifest, m.program, key))
	return "inventory-" + hex.EncodeToString(sum[:])
}

// Load returns the inventory of an image.
func (m *Memory) Load(img *system.Image, key string) ([]byte, bool) {
	tag := m.tagOf(img, key)
	m.mu.Lock()
	missed := m.missed[tag]
	m.mu.Unlock()
	if missed || m.isDown() {
		return nil, false
	}
	body, err := m.load(img, key)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.missed[tag] = err != nil
	switch {
	case err == nil:
		m.loaded++
		return body, true
	case errors.Is(err, registry.ErrNoSuchImage), m.ctx.Err() != nil:
	case errors.As(err, new(*verify.Refusal)), errors.As(err, new(*foreign)), errors.As(err, new(*oci.Mismatch)):
		m.ignored++
		m.note(fmt.Sprintf("the inventory of %s in the shared store is ignored: %v", img.Name, err))
	default:
		m.fail(err)
	}
	return nil, false
}

// foreign says why an entry is not used.
type foreign struct{ error }

func (m *Memory) load(img *system.Image, key string) ([]byte, error) {
	_, raw, err := m.r.tag(m.ctx, m.tagOf(img, key))
	if err != nil {
		return nil, err
	}
	bundle, body, err := layout.ParseInventory(raw, img.Manifest)
	if err == nil && (bundle.Size > maxInventoryBundle || body.Size > maxInventory) {
		err = errors.New("it is too large")
	}
	if err != nil {
		return nil, &foreign{err}
	}
	signed, err := readAll(m.ctx, m.r, bundle)
	if err != nil {
		return nil, err
	}
	// The signature is verified before the inventory is fetched.
	st, _, err := m.verifier.Statement(signed, layout.InventoryPredicate)
	if err != nil {
		return nil, err
	}
	var p inventoryPredicate
	if err := statement.DecodeExact(st.Predicate, &p); err != nil {
		return nil, &foreign{err}
	}
	switch {
	case len(st.Subject) != 1 || st.Subject[0].SHA256() != img.Manifest:
		return nil, &foreign{errors.New("it is about another image")}
	case p.Program != m.program || p.Key != key:
		return nil, &foreign{errors.New("it was made by another program, or the image was read in another way")}
	case p.Content.SHA256() != body.Digest:
		return nil, &foreign{errors.New("the signature is about another inventory")}
	}
	packed, err := readAll(m.ctx, m.r, body)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxInventory))
	if err != nil {
		return nil, &foreign{err}
	}
	defer z.Close()
	out, err := bounded.Read(z, maxInventory)
	if err != nil {
		return nil, &foreign{err}
	}
	return out, nil
}

// Save stores the inventory of an image, if there is a signer.
func (m *Memory) Save(img *system.Image, key string, body []byte) {
	if m.signer == nil || m.isDown() || len(body) > maxInventory {
		return
	}
	err := m.save(img, key, body)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil:
		m.saved++
		delete(m.missed, m.tagOf(img, key))
	case m.ctx.Err() == nil:
		m.fail(err)
	}
}

func (m *Memory) save(img *system.Image, key string, body []byte) error {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	packed := z.EncodeAll(body, nil)
	p := inventoryPredicate{Program: m.program, Key: key, Content: statement.Descriptor{Name: "inventory", Digest: map[string]string{"sha256": digests.Hex(digests.Of(packed))}}}
	signed, err := attest.SignStatement(m.ctx, img.Name, img.Manifest, layout.InventoryPredicate, p, m.signer)
	if err != nil {
		return err
	}
	blob := func(raw []byte) layout.File { return layout.File{Digest: digests.Of(raw), Size: int64(len(raw))} }
	manifest, err := layout.Inventory(layout.File{Digest: img.Manifest, Size: img.Size}, img.MediaType, blob(signed), blob(packed))
	if err != nil {
		return err
	}
	for _, raw := range [][]byte{[]byte("{}"), signed, packed} {
		d := oci.Descriptor{Digest: digests.Of(raw), Size: int64(len(raw))}
		if _, err := m.r.Upload(m.ctx, m.r.q, d, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }); err != nil {
			return err
		}
	}
	one, err := newReferrer(manifest)
	if err != nil {
		return err
	}
	if err := m.r.PutManifest(m.ctx, m.r.tagged(m.tagOf(img, key)), oci.TypeManifest, manifest); err != nil {
		return err
	}
	return m.r.list(m.ctx, img.Manifest, []referrer{one})
}

func (m *Memory) isDown() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.down || m.ctx.Err() != nil
}

// fail reports that the memory cannot be used, once. The lock is held.
func (m *Memory) fail(err error) {
	if !m.down {
		m.note(fmt.Sprintf("the shared store of inventories cannot be used, so components are scanned: %v", m.r.failed(err)))
	}
	m.down = true
}
