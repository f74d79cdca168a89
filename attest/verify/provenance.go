package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// manifestTypes are the media types that a component's manifest may have.
var manifestTypes = []string{"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}

// maxEpoch is the last time that SOURCE_DATE_EPOCH may name.
const maxEpoch = 1<<32 - 1

// checkProvenance wants each member of the provenance to be one that a build of
// ours writes, and collects what it names.
func (c *content) checkProvenance(path string) error {
	def, run := &c.provenance.BuildDefinition, &c.provenance.RunDetails
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, refuse(CheckContent, path, format, args...)) }

	if def.BuildType != statement.BuildType {
		bad("build type %q is not %s", def.BuildType, statement.BuildType)
	}
	for _, d := range differences("runDetails.builder", run.Builder, statement.BuilderOf(run.Builder.Version["seaworthy"])) {
		bad("%s", d)
	}
	for _, err := range c.checkParameters() {
		bad("%v", err)
	}
	for _, d := range def.ResolvedDependencies {
		if _, twice := c.dependencies[d.Name]; twice {
			bad("dependency %q is there twice", d.Name)
		}
		c.dependencies[d.Name] = d
		if err := checkDependency(d); err != nil {
			bad("dependency %q: %v", d.Name, err)
		}
	}
	if c.dependency(statement.DependencyPolicy) == "" {
		bad("names no policy")
	}
	if locked := c.dependency(statement.DependencyLock) != ""; locked != def.ExternalParameters.Parameters.Locked {
		bad("parameter locked is %t, and a lock is among the dependencies: %t", !locked, locked)
	}
	for _, d := range run.Byproducts {
		if err := c.addByproduct(d); err != nil {
			bad("byproduct %q %v", d.Name, err)
		}
	}
	if !slices.IsSortedFunc(run.Byproducts, func(a, b statement.Descriptor) int { return strings.Compare(a.Name, b.Name) }) {
		bad("byproducts are not sorted")
	}
	if c.byproducts[statement.DecisionFile] == "" {
		bad("names no %s", statement.DecisionFile)
	}
	return errors.Join(errs...)
}

// checkParameters is about what the user gave.
func (c *content) checkParameters() []error {
	ext := &c.provenance.BuildDefinition.ExternalParameters
	p := &ext.Parameters
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if ext.Name != c.name {
		bad("is of system %q, and the image is %q", ext.Name, c.name)
	}
	if ext.Arch == "" {
		bad("names no architecture")
	}
	if len(ext.Sources) == 0 {
		bad("names no os.yml")
	}
	for _, d := range ext.Sources {
		if err := plain(d); err != nil || d.Name == "" {
			bad("source %q has no name, not one sha256 digest, or more than that", d.Name)
		}
	}
	if err := c.checkFormats(p.Format); err != nil {
		bad("%v", err)
	}
	if p.FailOn != "none" && decision.Severity(p.FailOn).Rank() == 0 {
		bad("fail-on %q is no severity", p.FailOn)
	}
	if p.SourceDateEpoch < 0 || p.SourceDateEpoch > maxEpoch {
		bad("sourceDateEpoch is no time")
	}
	if at := p.DecidedAt(); at != "" {
		var err error
		if c.decided, err = statement.ParseTime(at); err != nil {
			bad("now: %v", err)
		}
	}
	return errs
}

// checkFormats wants the image's files to be those that a build in the formats
// writes.
func (c *content) checkFormats(formats []string) error {
	var want []string
	for i, f := range formats {
		endings, known := statement.Formats[f]
		if !known || slices.Contains(formats[:i], f) {
			return fmt.Errorf("format %q is there twice, or unknown", f)
		}
		for _, e := range endings {
			want = append(want, c.name+e)
		}
	}
	slices.Sort(want)
	if have := slices.Sorted(maps.Keys(c.files)); !slices.Equal(have, want) {
		return fmt.Errorf("formats %q come to the files %q, and the image has %q", formats, want, have)
	}
	return nil
}

// checkDependency wants a dependency to be of a kind that builds have, and to
// have the members of that kind.
func checkDependency(d statement.Descriptor) error {
	index, indexed := d.Annotations[statement.AnnotationIndex]
	rest := d
	id, component := strings.CutPrefix(d.Name, statement.DependencyComponent)
	file, isFile := strings.CutPrefix(d.Name, statement.DependencyFile)
	bundle, isBundle := strings.CutPrefix(d.Name, statement.DependencyBundle)
	switch {
	case component:
		if id == "" || !slices.Contains(manifestTypes, d.MediaType) {
			return fmt.Errorf("media type %q is no manifest's", d.MediaType)
		}
		if _, err := statement.DigestSet(index); indexed && (err != nil || index == d.SHA256()) {
			return errors.New("annotation index is no digest of an index")
		}
		// The URI is compared when the component's image is known.
		rest.URI, rest.MediaType = "", ""
		if indexed && len(d.Annotations) == 1 {
			rest.Annotations = nil
		}
	case isFile && file != "", d.Name == statement.DependencyLock, d.Name == statement.DependencyWaivers:
	case d.Name == statement.DependencyPolicy, isBundle && bundle != "":
		if d.URI == "" {
			return errors.New("has no URI")
		}
		rest.URI = ""
	default:
		return errors.New("builds have none of that name")
	}
	return plain(rest)
}

// plain wants a descriptor to have one sha256 digest, and nothing but that and
// its name.
func plain(d statement.Descriptor) error {
	switch {
	case !d.Exact():
		return errors.New("has not one sha256 digest")
	case d.URI != "" || d.MediaType != "" || d.Annotations != nil:
		return errors.New("has more than its kind has: a URI, a media type or an annotation")
	}
	return nil
}

// addByproduct takes a byproduct: a file, and of which statement it is the
// document.
func (c *content) addByproduct(d statement.Descriptor) error {
	if _, twice := c.byproducts[d.Name]; twice {
		return errors.New("is there twice")
	}
	if !isPath(d.Name) {
		return errors.New("is no path in the folder")
	}
	c.byproducts[d.Name] = d.SHA256()
	stem, document := d.Annotations[statement.AnnotationStatement]
	if document && len(d.Annotations) == 1 {
		if old, twice := c.documents[stem]; twice || stem == "" {
			return fmt.Errorf("is the document of statement %q, and so is %q", stem, old)
		}
		c.documents[stem] = d.Name
		d.Annotations = nil
	}
	return plain(d)
}

// isPath says whether a signed name can be that of a file in the folder.
func isPath(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' })
}

// components are the IDs that the provenance names, sorted.
func (c *content) components() []string {
	var ids []string
	for _, name := range slices.Sorted(maps.Keys(c.dependencies)) {
		if id, ok := strings.CutPrefix(name, statement.DependencyComponent); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// index is the digest that a component's reference resolved to.
func index(d statement.Descriptor) string {
	if i := d.Annotations[statement.AnnotationIndex]; i != "" {
		return i
	}
	return d.SHA256()
}
