package recipe

import (
	"bytes"
	"crypto/md5" // the format of dpkg's lists; SHA-256 protects the content
	"encoding/hex"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

const dpkgDir = "var/lib/dpkg/"

// statusFields are the fields of the signed index that the image keeps, in order.
// SHA256 is that of the .deb.
var statusFields = []string{"Package", "Source", "Version", "Architecture", "Multi-Arch", "Maintainer", "Section", "Priority",
	"Provides", "Pre-Depends", "Depends", "Homepage", "SHA256"}

// addPackageLists writes dpkg's database, which inventories read: the status of the
// packages, and for each package the list of its files and their MD5 sums. The
// lists contain exactly the files of the image. It returns the packages with at
// least one file.
func addPackageLists(t *tree, sp *spool, packages []*debPackage) ([]Package, error) {
	owned := map[string][]*node{}
	for _, n := range t.sorted() {
		if n.owner != "" && n.typ != system.TypeDir {
			owned[n.owner] = append(owned[n.owner], n)
		}
	}
	var kept []Package
	var status bytes.Buffer
	for _, p := range packages {
		if len(owned[p.Name]) == 0 {
			continue
		}
		kept = append(kept, p.Package)
		if status.Len() > 0 {
			status.WriteByte('\n')
		}
		writeStatus(&status, p.index)
		var list, sums bytes.Buffer
		for _, n := range owned[p.Name] {
			list.WriteString("/" + n.path + "\n")
			if n.typ != system.TypeFile {
				continue
			}
			h := md5.New()
			if _, err := io.Copy(h, n.content.reader()); err != nil {
				return nil, err
			}
			sums.WriteString(hex.EncodeToString(h.Sum(nil)) + "  " + n.path + "\n")
		}
		if err := addText(t, sp, dpkgDir+"info/"+p.Name+".list", &list); err != nil {
			return nil, err
		}
		if err := addText(t, sp, dpkgDir+"info/"+p.Name+".md5sums", &sums); err != nil {
			return nil, err
		}
	}
	if len(kept) == 0 {
		return nil, nil
	}
	return kept, addText(t, sp, dpkgDir+"status", &status)
}

func writeStatus(b *bytes.Buffer, index stanza) {
	for i, field := range statusFields {
		if v := index[field]; v != "" {
			b.WriteString(field + ": " + v + "\n")
		}
		if i == 0 {
			b.WriteString("Status: install ok installed\n")
		}
	}
	if v, _, _ := strings.Cut(index["Description"], "\n"); v != "" {
		b.WriteString("Description: " + v + "\n")
	}
}

func addText(t *tree, sp *spool, name string, text io.Reader) error {
	c, err := sp.add(text)
	if err == nil {
		t.nodes[name] = &node{path: name, typ: system.TypeFile, mode: 0o644, content: c}
	}
	return err
}
