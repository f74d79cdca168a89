package kernelvex

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// The OpenVEX values that are used.
const (
	vexContext  = "https://openvex.dev/ns/v0.2.0"
	NotAffected = "not_affected"
	Fixed       = "fixed"
	Unknown     = "under_investigation"

	notPresent = "vulnerable_code_not_present"
)

// namespace is the prefix of the ids of documents. The address need not exist.
const namespace = "https://github.com/seaworthy-os/seaworthy/vex/kernel/"

// maxDocument is the largest document, without spaces. A signed one is a third larger, and 32 MiB
// are the most that is read beside an image.
const maxDocument = 20 << 20

// Options describe the document.
type Options struct {
	// Author is the person or the organization that makes the statements.
	Author string
	// Now is the date of the document and of all its statements.
	Now time.Time
	// Version is that of this program.
	Version string
	// ImageURL and Manifest are the package URL and the digest (sha256:HEX) of the image
	// with the kernel. PackageURL is that of the package that the kernel was compiled from.
	ImageURL, Manifest, PackageURL string
}

// Document is an OpenVEX document.
type Document struct {
	Context    string      `json:"@context"`
	ID         string      `json:"@id"`
	Author     string      `json:"author"`
	Timestamp  string      `json:"timestamp"`
	Version    int         `json:"version"`
	Tooling    string      `json:"tooling"`
	Statements []Statement `json:"statements"`
}

// Statement is what a document says about one CVE.
type Statement struct {
	Vulnerability Vulnerability `json:"vulnerability"`
	Products      []Product     `json:"products"`
	Status        string        `json:"status"`
	// Notes says how the status was determined.
	Notes         string `json:"status_notes"`
	Justification string `json:"justification,omitempty"`
}

// Vulnerability names a CVE.
type Vulnerability struct {
	Name string `json:"name"`
}

// Product is the image, with the kernel's package as its part. Its id is a package URL.
type Product struct {
	ID            string            `json:"@id"`
	Hashes        map[string]string `json:"hashes,omitempty"`
	Subcomponents []Product         `json:"subcomponents,omitempty"`
}

// Make writes a document with one statement for each CVE.
func Make(k *Kernel, r *Records, o Options) (*Document, error) {
	d := &Document{Context: vexContext, Author: o.Author, Timestamp: o.Now.UTC().Truncate(time.Second).Format(time.RFC3339), Version: 1,
		Tooling: fmt.Sprintf("seaworthy %s, kernel vex. Kernel %s, compiled from %s %s. List of compiled files: %s (%s). List of all code: %s (%s). CVE records: %s.",
			cmp.Or(o.Version, "(devel)"), k.Release, k.Source.Name, k.Source.Version, sourcesFile, k.Sources, codeFile, k.Code, r.Digest)}
	product := Product{ID: o.ImageURL, Hashes: map[string]string{"sha-256": digests.Hex(o.Manifest)}, Subcomponents: []Product{{ID: o.PackageURL}}}
	for _, id := range slices.SortedFunc(maps.Keys(r.byID), byNumber) {
		s := k.judge(r.byID[id])
		s.Products = []Product{product}
		d.Statements = append(d.Statements, s)
	}
	// The id depends on the whole content: another document has another id.
	raw, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxDocument {
		return nil, system.BadInput("the document would have %d MiB, which is more than %d", len(raw)>>20, maxDocument>>20).Suggest("give fewer CVE records")
	}
	d.ID = namespace + strings.ReplaceAll(digests.Of(raw), ":", "-")
	return d, nil
}

// byNumber sorts CVE-2024-9999 before CVE-2024-10000.
func byNumber(a, b string) int {
	const year = len("CVE-2024")
	return cmp.Or(cmp.Compare(a[:year], b[:year]), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// Count returns the number of statements with a status.
func (d *Document) Count(status string) (n int) {
	for i := range d.Statements {
		if d.Statements[i].Status == status {
			n++
		}
	}
	return n
}

// judge compares a record with the kernel. What it does not know for certain, it leaves under
// investigation, with the reason.
func (k *Kernel) judge(r *record) Statement {
	s := Statement{Vulnerability: Vulnerability{r.id}, Status: Unknown}
	names, doubt := k.uncompiled(r)
	if doubt == "" {
		s.Status, s.Justification = NotAffected, notPresent
		s.Notes = fmt.Sprintf("The compiler did not read any file that the CVE record names: %s. The files that it read are in %s of the image (%s).",
			strings.Join(names, ", "), sourcesFile, k.Sources)
		return s
	}
	answer := silent
	if k.version != nil && r.onlyLinux() {
		answer = r.says(k.version)
	}
	switch answer {
	case fixed:
		s.Status, s.Notes = Fixed, "According to the CVE record, Linux "+k.number+" has the fix."
	case earlier:
		s.Status, s.Justification = NotAffected, notPresent
		s.Notes = "According to the CVE record, Linux " + k.number + " is unaffected: the vulnerability came with a later version."
	case affected:
		s.Notes = doubt + " According to the CVE record, Linux " + k.number + " is affected."
	default:
		s.Notes = doubt + " The versions in the CVE record do not decide about Linux " + k.number + "."
	}
	return s
}

// onlyLinux reports whether the record is about the kernel alone.
func (r *record) onlyLinux() bool {
	for _, p := range r.affected {
		if p.Vendor != "Linux" || p.Product != "Linux" {
			return false
		}
	}
	return len(r.affected) > 0
}

// uncompiled returns the files of a record, sorted, if the compiler read none of them. Else
// doubt says why this is wrong or unknown.
func (k *Kernel) uncompiled(r *record) (names []string, doubt string) {
	if !r.onlyLinux() {
		return nil, "The CVE record does not name Linux alone."
	}
	for _, p := range r.affected {
		if len(p.Files) == 0 {
			return nil, "The CVE record does not name the files."
		}
		names = append(names, p.Files...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	var read, unclear []string
	for _, name := range names {
		switch {
		case k.compiled[name]:
			read = append(read, name)
		case !k.code[name], strings.HasPrefix(name, "scripts/"), strings.HasPrefix(name, "tools/"):
			unclear = append(unclear, name)
		}
	}
	switch {
	case len(read) > 0:
		return nil, "The compiler read " + some(read) + "."
	case len(unclear) > 0:
		return nil, k.why(unclear[0])
	}
	return names, ""
}

// why says why the list of compiled files does not decide about a file.
func (k *Kernel) why(name string) string {
	switch shown := some([]string{name}); {
	case !isCode(name):
		return "The list of compiled files does not decide about " + shown + ", which is not C or assembler code."
	case !k.code[name]:
		return "The source has no file " + shown + ": the code can be in another file."
	default:
		return "Programs of the build can use " + shown + "."
	}
}

// some shows the first names of files. Names in a record are of any length and content.
func some(names []string) string {
	const most, long = 5, 200
	var out []string
	for _, n := range names[:min(len(names), most)] {
		if len(n) > long {
			n = n[:long] + "…"
		}
		out = append(out, fmt.Sprintf("%q", n))
	}
	if more := len(names) - most; more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, ", ")
}
