package secureboot

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// GUID is in the byte order of EFI: its first three fields are little-endian.
type GUID [16]byte

// ParseGUID reads the usual form, 8-4-4-4-12 hexadecimal digits.
func ParseGUID(s string) (GUID, error) {
	var g GUID
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(g) || len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return g, system.BadInput("%q is not a GUID", s).Suggest("write it like 8be4df61-93ca-11d2-aa0d-00e098032b8c")
	}
	binary.LittleEndian.PutUint32(g[:], binary.BigEndian.Uint32(b))
	binary.LittleEndian.PutUint16(g[4:], binary.BigEndian.Uint16(b[4:]))
	binary.LittleEndian.PutUint16(g[6:], binary.BigEndian.Uint16(b[6:]))
	copy(g[8:], b[8:])
	return g, nil
}

func (g GUID) String() string {
	var b [16]byte
	binary.BigEndian.PutUint32(b[:], binary.LittleEndian.Uint32(g[:]))
	binary.BigEndian.PutUint16(b[4:], binary.LittleEndian.Uint16(g[4:]))
	binary.BigEndian.PutUint16(b[6:], binary.LittleEndian.Uint16(g[6:]))
	copy(b[8:], g[8:])
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func mustGUID(s string) GUID {
	g, err := ParseGUID(s)
	if err != nil {
		panic(err)
	}
	return g
}

// The GUIDs of the UEFI specification that are needed.
var (
	guidGlobal        = mustGUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
	guidDatabase      = mustGUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
	guidX509          = mustGUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")
	guidSHA256        = mustGUID("c1c41626-504c-4092-aca9-41f936934328")
	guidPKCS7         = mustGUID("4aafd29d-68df-49ee-8aa9-347d375665a7")
	guidSystemNV      = mustGUID("fff12b8d-7696-4c8b-a985-2747075b4f50")
	guidAuthVariables = mustGUID("aaf32c78-947b-439a-a180-2e144ec37792")
	guidEnable        = mustGUID("f0a30bc7-af08-4556-99c4-001009c93a44")
)

// Variable is one of the variables of Secure Boot. Data is a signature list, as
// a file that ends with .esl has it.
type Variable struct {
	Name string
	GUID GUID
	Data []byte
}

// Enrolment is what firmware shall accept and refuse.
type Enrolment struct {
	// Owner says who enrolled the keys. Firmware only shows it.
	Owner GUID
	PK    *x509.Certificate
	// KEK may change db and dbx; programs whose signer is in DB start.
	KEK, DB []*x509.Certificate
	// Programs that are signed by RevokedCertificates do not start, nor do those
	// whose uki.Digest is in RevokedImages.
	RevokedCertificates []*x509.Certificate
	RevokedImages       [][sha256.Size]byte
}

// Variables are PK, KEK and db, and dbx if something is revoked.
func (e Enrolment) Variables() ([]Variable, error) {
	if e.PK == nil || len(e.KEK) == 0 || len(e.DB) == 0 {
		return nil, system.BadInput("enrolling needs a PK, a KEK and a db certificate").Suggest("generate the missing keys")
	}
	vars := []Variable{
		{"PK", guidGlobal, certificateLists(e.Owner, []*x509.Certificate{e.PK})},
		{"KEK", guidGlobal, certificateLists(e.Owner, e.KEK)},
		{"db", guidDatabase, certificateLists(e.Owner, e.DB)},
	}
	dbx := certificateLists(e.Owner, e.RevokedCertificates)
	if len(e.RevokedImages) > 0 {
		var entries [][]byte
		for _, d := range e.RevokedImages {
			entries = append(entries, d[:])
		}
		dbx = append(dbx, list(guidSHA256, e.Owner, entries...)...)
	}
	if len(dbx) > 0 {
		vars = append(vars, Variable{"dbx", guidDatabase, dbx})
	}
	return vars, nil
}

// certificateLists makes a list for each: entries of a list have one size.
func certificateLists(owner GUID, certs []*x509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, list(guidX509, owner, c.Raw)...)
	}
	return out
}

// list is an EFI_SIGNATURE_LIST. The entries have equal sizes.
func list(kind, owner GUID, entries ...[]byte) []byte {
	entry := len(owner) + len(entries[0])
	out := append([]byte{}, kind[:]...)
	out = binary.LittleEndian.AppendUint32(out, uint32(listHeader+len(entries)*entry))
	out = binary.LittleEndian.AppendUint32(out, 0)
	out = binary.LittleEndian.AppendUint32(out, uint32(entry))
	for _, e := range entries {
		out = append(append(out, owner[:]...), e...)
	}
	return out
}
