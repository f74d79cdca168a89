package kernel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	// maxModule bounds a packed module that is looked into, and maxUnpacked what
	// it unpacks to; maxPacked is how many are, for unpacking takes time.
	maxModule, maxUnpacked = 8 << 20, 64 << 20
	maxPacked              = 64
	// moduleEnd is how much of a module's end is kept: its signature.
	moduleEnd = 4 << 10
)

// moduleTree is what lies under lib/modules/VERSION.
type moduleTree struct {
	names map[string]bool
	// builtin are the files modules.builtin: two where an image has the folder
	// twice.
	builtin []*bytes.Buffer
	// unsigned: a module has no signature. The rest is of the kernel's own
	// modules, under kernel/: what others add says nothing of a configuration.
	unsigned               bool
	ownSigned, ownUnsigned int
	hashes, magics         map[string]bool
}

func newTree() *moduleTree {
	return &moduleTree{names: map[string]bool{}, hashes: map[string]bool{}, magics: map[string]bool{}}
}

// module looks through a module: for its version magic, and for its signature.
type module struct {
	tree  *moduleTree
	own   bool
	carry []byte
	last  []byte
	magic string
}

var magicIs = []byte("vermagic=")

// maxMagic bounds a version magic: a release, words and a hash.
const maxMagic = 400

func (m *module) Write(p []byte) (int, error) {
	if m.magic == "" {
		part := append(m.carry, p...)
		if at := bytes.Index(part, magicIs); at >= 0 {
			text, _, whole := bytes.Cut(part[at+len(magicIs):], []byte{0})
			if whole && len(text) <= maxMagic {
				m.magic = string(text)
			}
		}
		m.carry = bytes.Clone(part[max(0, len(part)-maxMagic-len(magicIs)):])
	}
	m.last = append(m.last, p[max(0, len(p)-moduleEnd):]...)
	m.last = m.last[max(0, len(m.last)-moduleEnd):]
	return len(p), nil
}

// Close notes what the module says.
func (m *module) Close() error {
	hash, signed := signedWith(m.last)
	m.tree.unsigned = m.tree.unsigned || !signed
	if !m.own {
		return nil
	}
	if signed {
		m.tree.ownSigned++
	} else {
		m.tree.ownUnsigned++
	}
	if hash != "" {
		m.tree.hashes[hash] = true
	}
	if m.magic != "" && len(m.tree.magics) < maxPacked {
		m.tree.magics[m.magic] = true
	}
	return nil
}

// packedModule unpacks a module when it is whole.
type packedModule struct {
	bytes.Buffer
	to *module
}

func (p *packedModule) Close() error {
	z, err := decompressor(compression(p.Bytes()), &p.Buffer)
	if err != nil {
		return nil // nothing is known of a module that cannot be unpacked
	}
	defer z.Close()
	limited := &io.LimitedReader{R: z, N: maxUnpacked}
	if _, err := io.Copy(p.to, limited); err != nil || limited.N == 0 {
		return nil
	}
	return p.to.Close()
}

// signature is how a module ends that is signed (kernel/module_signature.c).
const signature = "~Module signature appended~\n"

// signatureInfo is the length of what stands before it, struct module_signature:
// the last four bytes are the length of the signature.
const signatureInfo = 12

// signatureHashes are those that a signature may name, as CONFIG_MODULE_SIG_HASH
// does, by the object identifiers of PKCS #7.
var signatureHashes = []struct{ name, oid string }{
	{"sha1", "\x2b\x0e\x03\x02\x1a"}, {"sha224", "\x60\x86\x48\x01\x65\x03\x04\x02\x04"}, {"sha256", "\x60\x86\x48\x01\x65\x03\x04\x02\x01"},
	{"sha384", "\x60\x86\x48\x01\x65\x03\x04\x02\x02"}, {"sha512", "\x60\x86\x48\x01\x65\x03\x04\x02\x03"},
	{"sha3-256", "\x60\x86\x48\x01\x65\x03\x04\x02\x08"}, {"sha3-384", "\x60\x86\x48\x01\x65\x03\x04\x02\x09"}, {"sha3-512", "\x60\x86\x48\x01\x65\x03\x04\x02\x0a"},
}

// signedWith gives the hash of the signature that a module ends with, "" where
// it does not say.
func signedWith(end []byte) (hash string, signed bool) {
	body, signed := bytes.CutSuffix(end, []byte(signature))
	if !signed || len(body) < signatureInfo {
		return "", signed
	}
	size := int(binary.BigEndian.Uint32(body[len(body)-4:]))
	body = body[:len(body)-signatureInfo]
	if size < 0 || size > len(body) {
		return "", true
	}
	// The hash stands at the beginning, before certificates and signers.
	head := body[len(body)-size:]
	head = head[:min(len(head), 64)]
	for _, d := range signatureHashes {
		if bytes.Contains(head, []byte(d.oid)) {
			return d.name, true
		}
	}
	return "", true
}

// signaturesShow says where the modules' signatures contradict a configuration.
func (t *moduleTree) signaturesShow(config *parsed) []string {
	on := func(name string) bool { return config.options[name] == "y" }
	switch {
	case t.unsigned && on("CONFIG_MODULE_SIG_FORCE"):
		return []string{"CONFIG_MODULE_SIG_FORCE is set, but modules without a signature are there"}
	case t.ownUnsigned > 0 && t.ownSigned == 0 && on("CONFIG_MODULE_SIG_ALL"):
		return []string{"CONFIG_MODULE_SIG_ALL is set, but no module is signed"}
	case t.ownSigned > 0 && config.options["CONFIG_MODULE_SIG"] == "n":
		return []string{"CONFIG_MODULE_SIG is not set, but modules are signed"}
	}
	// Some distributions sign again, with a hash that the configuration does not
	// name. Only SHA-1 makes the signatures worse than they are said to be.
	want := config.options["CONFIG_MODULE_SIG_HASH"]
	if want != "" && want != "sha1" && on("CONFIG_MODULE_SIG") && len(t.hashes) == 1 && t.hashes["sha1"] {
		return []string{fmt.Sprintf("CONFIG_MODULE_SIG_HASH is %s, but the modules are signed with sha1", want)}
	}
	return nil
}

// magicsShow compares the version magic of the kernel's own modules with the
// kernel and a configuration (include/linux/vermagic.h).
func (t *moduleTree) magicsShow(version string, config *parsed) []string {
	on := func(name string) bool { return config.options[name] == "y" }
	for _, magic := range sorted(t.magics) {
		words := strings.Fields(magic)
		if len(words) == 0 {
			continue
		}
		if version != "" && words[0] != version {
			return []string{fmt.Sprintf("modules are built for %s, the kernel is %s", words[0], version)}
		}
		for _, c := range []struct {
			word string
			said bool
			by   string
		}{
			{"SMP", on("CONFIG_SMP"), "CONFIG_SMP"},
			{"mod_unload", on("CONFIG_MODULE_UNLOAD"), "CONFIG_MODULE_UNLOAD"},
			{"modversions", on("CONFIG_MODVERSIONS"), "CONFIG_MODVERSIONS"},
			{"preempt", on("CONFIG_PREEMPT") || on("CONFIG_PREEMPT_BUILD"), "CONFIG_PREEMPT_BUILD"},
			{"RANDSTRUCT", on("CONFIG_RANDSTRUCT") || on("CONFIG_GCC_PLUGIN_RANDSTRUCT"), "CONFIG_RANDSTRUCT"},
		} {
			shown := slices.ContainsFunc(words[1:], func(w string) bool { return w == c.word || c.word == "RANDSTRUCT" && strings.HasPrefix(w, c.word) })
			// A real-time kernel says preempt_rt, or preempt.
			if c.word == "preempt" && on("CONFIG_PREEMPT_RT") {
				c.said, shown = true, shown || slices.Contains(words, "preempt_rt")
			}
			if c.said != shown {
				return []string{fmt.Sprintf("%s is %s, the modules' version magic is %q", c.by, map[bool]string{true: "set", false: "not set"}[c.said], magic)}
			}
		}
	}
	return nil
}

// show says where the modules contradict the kernel and a configuration.
func (t *moduleTree) show(version string, config *parsed) []string {
	var out []string
	var builtin []byte
	for n, b := range t.builtin {
		if n > 0 && !bytes.Equal(b.Bytes(), builtin) {
			out = append(out, "two lists modules.builtin differ")
			break
		}
		builtin = b.Bytes()
	}
	out = append(out, modulesShow(config, t.names, builtinModules(builtin))...)
	out = append(out, t.signaturesShow(config)...)
	return append(out, t.magicsShow(version, config)...)
}
