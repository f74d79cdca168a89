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
	// maxModule is the largest compressed module that is read, maxUnpacked the
	// largest size of an unpacked one. maxPacked is the highest number of
	// compressed modules that are read, because unpacking takes time.
	maxModule, maxUnpacked = 8 << 20, 64 << 20
	maxPacked              = 64
	// moduleEnd is how much of a module's end is kept for its signature.
	moduleEnd = 4 << 10
)

// moduleTree describes the modules in lib/modules/VERSION.
type moduleTree struct {
	names map[string]bool
	// builtin are the files modules.builtin: two if an image has the folder
	// twice.
	builtin []*bytes.Buffer
	// unsigned: a module has no signature. The other fields cover the kernel's
	// own modules, in kernel/. Added modules say nothing about the
	// configuration.
	unsigned               bool
	ownSigned, ownUnsigned int
	hashes, magics         map[string]bool
}

func newTree() *moduleTree {
	return &moduleTree{names: map[string]bool{}, hashes: map[string]bool{}, magics: map[string]bool{}}
}

// module reads the version magic and the signature of a module.
type module struct {
	tree  *moduleTree
	own   bool
	carry []byte
	last  []byte
	magic string
}

var magicIs = []byte("vermagic=")

// maxMagic is the longest version magic: a release, words and a hash.
const maxMagic = 400

// carried is how many bytes before a write can belong to a magic that ends in it.
const carried = len("vermagic=") + maxMagic

// Write copies only the border between two writes, not the module.
func (m *module) Write(p []byte) (int, error) {
	if m.magic == "" {
		m.carry = append(m.carry, p[:min(len(p), carried)]...)
		m.find(m.carry)
		m.find(p)
		last := m.carry
		if len(p) > carried {
			last = p
		}
		m.carry = append(m.carry[:0], last[max(0, len(last)-carried):]...)
	}
	m.last = append(m.last, p[max(0, len(p)-moduleEnd):]...)
	m.last = m.last[max(0, len(m.last)-moduleEnd):]
	return len(p), nil
}

// find searches part of the module for the magic, until it is found.
func (m *module) find(part []byte) {
	at := bytes.Index(part, magicIs)
	if m.magic != "" || at < 0 {
		return
	}
	if text, _, whole := bytes.Cut(part[at+len(magicIs):], []byte{0}); whole && len(text) <= maxMagic {
		m.magic = string(text)
	}
}

// Close records what was found in the module.
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

// packedModule unpacks a module when it is complete.
type packedModule struct {
	bytes.Buffer
	to *module
}

func (p *packedModule) Close() error {
	z, err := decompressor(compression(p.Bytes()), &p.Buffer)
	if err != nil {
		return nil // a module that cannot be unpacked shows nothing
	}
	defer z.Close()
	limited := &io.LimitedReader{R: z, N: maxUnpacked}
	if _, err := io.Copy(p.to, limited); err != nil || limited.N == 0 {
		return nil
	}
	return p.to.Close()
}

// signature is the end of a signed module (kernel/module_signature.c).
const signature = "~Module signature appended~\n"

// signatureInfo is the length of struct module_signature, which precedes the
// end. Its last four bytes are the length of the signature.
const signatureInfo = 12

// signatureHashes are the possible hashes of a signature, as in
// CONFIG_MODULE_SIG_HASH, with their object identifiers in PKCS #7.
var signatureHashes = []struct{ name, oid string }{
	{"sha1", "\x2b\x0e\x03\x02\x1a"}, {"sha224", "\x60\x86\x48\x01\x65\x03\x04\x02\x04"}, {"sha256", "\x60\x86\x48\x01\x65\x03\x04\x02\x01"},
	{"sha384", "\x60\x86\x48\x01\x65\x03\x04\x02\x02"}, {"sha512", "\x60\x86\x48\x01\x65\x03\x04\x02\x03"},
	{"sha3-256", "\x60\x86\x48\x01\x65\x03\x04\x02\x08"}, {"sha3-384", "\x60\x86\x48\x01\x65\x03\x04\x02\x09"}, {"sha3-512", "\x60\x86\x48\x01\x65\x03\x04\x02\x0a"},
}

// signedWith returns the hash of the signature at the end of a module, "" if
// unknown.
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
	// The hash is at the beginning, before certificates and signers.
	head := body[len(body)-size:]
	head = head[:min(len(head), 64)]
	for _, d := range signatureHashes {
		if bytes.Contains(head, []byte(d.oid)) {
			return d.name, true
		}
	}
	return "", true
}

// signatureContradictions lists contradictions between the modules' signatures and a
// configuration.
func (t *moduleTree) signatureContradictions(config *parsed) []string {
	on := func(name string) bool { return config.options[name] == "y" }
	switch {
	case t.unsigned && on("CONFIG_MODULE_SIG_FORCE"):
		return []string{"CONFIG_MODULE_SIG_FORCE is set, but some modules have no signature"}
	case t.ownUnsigned > 0 && t.ownSigned == 0 && on("CONFIG_MODULE_SIG_ALL"):
		return []string{"CONFIG_MODULE_SIG_ALL is set, but no module is signed"}
	case t.ownSigned > 0 && config.options["CONFIG_MODULE_SIG"] == "n":
		return []string{"CONFIG_MODULE_SIG is not set, but modules are signed"}
	}
	// Some distributions sign modules again, with another hash than in the
	// configuration. Only SHA-1 makes the signatures weaker than the
	// configuration says.
	want := config.options["CONFIG_MODULE_SIG_HASH"]
	if want != "" && want != "sha1" && on("CONFIG_MODULE_SIG") && len(t.hashes) == 1 && t.hashes["sha1"] {
		return []string{fmt.Sprintf("CONFIG_MODULE_SIG_HASH is %s, but the modules are signed with sha1", want)}
	}
	return nil
}

// magicContradictions compares the version magic of the kernel's own modules with the
// kernel and a configuration (include/linux/vermagic.h).
func (t *moduleTree) magicContradictions(version string, config *parsed) []string {
	on := func(name string) bool { return config.options[name] == "y" }
	for _, magic := range sorted(t.magics) {
		words := strings.Fields(magic)
		if len(words) == 0 {
			continue
		}
		if version != "" && words[0] != version {
			return []string{fmt.Sprintf("the modules are built for %s, but the kernel is %s", words[0], version)}
		}
		for _, c := range []struct {
			word       string
			configured bool
			by         string
		}{
			{"SMP", on("CONFIG_SMP"), "CONFIG_SMP"},
			{"mod_unload", on("CONFIG_MODULE_UNLOAD"), "CONFIG_MODULE_UNLOAD"},
			{"modversions", on("CONFIG_MODVERSIONS"), "CONFIG_MODVERSIONS"},
			{"preempt", on("CONFIG_PREEMPT") || on("CONFIG_PREEMPT_BUILD"), "CONFIG_PREEMPT_BUILD"},
			{"RANDSTRUCT", on("CONFIG_RANDSTRUCT") || on("CONFIG_GCC_PLUGIN_RANDSTRUCT"), "CONFIG_RANDSTRUCT"},
		} {
			shown := slices.ContainsFunc(words[1:], func(w string) bool { return w == c.word || c.word == "RANDSTRUCT" && strings.HasPrefix(w, c.word) })
			// A real-time kernel has preempt_rt, or preempt.
			if c.word == "preempt" && on("CONFIG_PREEMPT_RT") {
				c.configured, shown = true, shown || slices.Contains(words, "preempt_rt")
			}
			if c.configured != shown {
				return []string{fmt.Sprintf("%s is %s, but the modules' version magic is %q", c.by, map[bool]string{true: "set", false: "not set"}[c.configured], magic)}
			}
		}
	}
	return nil
}

// contradictions lists contradictions between the modules, the kernel and a
// configuration.
func (t *moduleTree) contradictions(version string, config *parsed) []string {
	var out []string
	var builtin []byte
	for n, b := range t.builtin {
		if n > 0 && !bytes.Equal(b.Bytes(), builtin) {
			out = append(out, "the image has two different files modules.builtin")
			break
		}
		builtin = b.Bytes()
	}
	out = append(out, moduleContradictions(config, t.names, builtinModules(builtin))...)
	out = append(out, t.signatureContradictions(config)...)
	return append(out, t.magicContradictions(version, config)...)
}
