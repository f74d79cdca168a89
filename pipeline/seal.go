package pipeline

import (
	"context"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/image"
)

// toolsOf names the tools of a build for the provenance.
func toolsOf(used []image.Used) []attest.Tool {
	var out []attest.Tool
	for _, u := range used {
		out = append(out, attest.Tool{Name: u.Name, Digest: u.Digest, URI: u.URI})
	}
	return out
}

// seal writes the bills of materials and the reports, and then the signed statements
// about all files of the output folder. written holds the digests that are known. seal
// returns the digests of all files, by path.
func seal(ctx context.Context, r *builder.Resolved, b *Built, o BuildOptions, out *output, signer attest.Signer, written map[string]string) (map[string]string, error) {
	digests := map[string]string{}
	b.SignedBy = o.signedAs
	if signer != nil {
		var err error
		if b.SignedBy, err = signer.Identify(ctx); err != nil {
			return nil, err
		}
	}
	name := b.OS.Name
	in := attest.Input{
		Dir: out.dir, Name: name, Arch: b.OS.Arch, Files: b.Images, System: b.OS, Decision: b.Decision,
		SPDXPath: sbomFolder + "/" + name + spdxEnding, CycloneDXPath: sbomFolder + "/" + name + cycloneDXEnding,
		Written: written, Tools: toolsOf(o.used), Certificate: o.certificate(), Enrolled: o.enrolled(), LockDigest: r.LockDigest, BuilderVersion: o.Version,
		Parameters: statement.Parameters{Format: o.Formats, FailOn: b.Decision.FailOn, Locked: r.LockDigest != "", NoSBOM: o.NoSBOM, SourceDateEpoch: max(o.Time.Unix(), 0)},
	}
	in.Hashed = func(f layout.File) { digests[f.Path] = f.Digest }
	if o.Policy.Dated {
		in.Parameters.Now = statement.Time(o.Policy.Now)
	}
	files := map[string][]byte{in.SPDXPath: b.Documents.SPDX, in.CycloneDXPath: b.Documents.CycloneDX}
	for _, d := range b.Documents.Components {
		doc := attest.Document{ID: d.ID, FileStem: d.FileStem, Digest: d.Digest,
			SPDXPath: componentSBOMs + "/" + d.FileStem + spdxEnding, CycloneDXPath: componentSBOMs + "/" + d.FileStem + cycloneDXEnding}
		files[doc.SPDXPath], files[doc.CycloneDXPath] = d.SPDX, d.CycloneDX
		in.Documents = append(in.Documents, doc)
	}
	var err error
	if in.Registers, err = out.measurements(b, o); err != nil {
		return nil, err
	}
	for path, data := range files {
		if err := out.write(path, data); err != nil {
			return nil, err
		}
	}
	if err := out.reports(&b.Checked, b.SignedBy); err != nil {
		return nil, err
	}
	return digests, attest.Seal(ctx, in, signer)
}
