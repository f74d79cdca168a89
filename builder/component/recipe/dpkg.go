package recipe

import (
	"bytes"
	"crypto/md5" // the format of dpkg's lists; integrity rests on SHA-256
	"encoding/hex"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

const dpkgStatus = "var/lib/dpkg/status.d/"

// statusFields are those of the signed index that the image keeps, in order.
// SHA256 is that of the .deb.
var statusFields = []string{"Package", "Source", "Version", "Architecture", "Multi-Arch", "Maintainer", "Section", "Priority",
	"Provides", "Pre-Depends", "Depends", "Homepage", "SHA256"}

// addPackageLists writes dpkg's metadata in the form that distroless images
// have: one status file and one list of MD5 sums for each package. Inventories
// read it, several init images can lie over each other, and no package manager
// takes it for its own. The lists name exactly what the image holds. It gives
// the packages that kept a file.
func addPackageLists(t *tree, sp *spool, packages []*debPackage) ([]Package, error) {
	owned := map[string][]*node{}
	links := map[string]bool{}
	for _, n := range t.sorted() {
		if n.owner == "" || n.typ == system.TypeDir {
			continue
		}
		links[n.owner] = true
		if n.typ == system.TypeFile {
			owned[n.owner] = append(owned[n.owner], n)
		}
	}
	var kept []Package
	for _, p := range packages {
		if !links[p.Name] {
			continue
		}
		kept = append(kept, p.Package)
		var status, sums bytes.Buffer
		for _, field := range statusFields {
			if v := p.index[field]; v != "" {
				status.WriteString(field + ": " + v + "\n")
			}
		}
		if v, _, _ := strings.Cut(p.index["Description"], "\n"); v != "" {
			status.WriteString("Description: " + v + "\n")
		}
		for _, n := range owned[p.Name] {
			h := md5.New()
			if _, err := io.Copy(h, n.content.reader()); err != nil {
				return nil, err
			}
			sums.WriteString(hex.EncodeToString(h.Sum(nil)) + "  " + n.path + "\n")
		}
		for name, text := range map[string]*bytes.Buffer{p.Name: &status, p.Name + ".md5sums": &sums} {
			c, err := sp.add(text)
			if err != nil {
				return nil, err
			}
			t.nodes[dpkgStatus+name] = &node{path: dpkgStatus + name, typ: system.TypeFile, mode: 0o644, content: c}
		}
	}
	return kept, nil
}
