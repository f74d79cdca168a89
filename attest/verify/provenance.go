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

// maxEpoch is the latest allowed SOURCE_DATE_EPOCH.
const maxEpoch = 1<<32 - 1

// checkProvenance requires that each member of the provenance has a value that
// our builds write, and collects the names in it.
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
			bad("dependency %q is a duplicate", d.Name)
		}
		c.dependencies[d.Name] = d
		if err := checkDependency(d); err != nil {
			bad("dependency %q: %v", d.Name, err)
		}
	}
	if c.dependency(statement.DependencyPolicy) == "" {
		bad("the policy is missing from the dependencies")
	}
	if locked := c.dependency(statement.DependencyLock) != ""; locked != def.ExternalParameters.Parameters.Locked {
		bad("parameter locked is %t, but a lock is among the dependencies: %t", !locked, locked)
	}
	for _, d := range run.Byproducts {
		if err := c.addByproduct(d); err != nil {
			bad("byproduct %q: %v", d.Name, err)
		}
	}
	if !slices.IsSortedFunc(run.Byproducts, func(a, b statement.Descriptor) int { return strings.Compare(a.Name, b.Name) }) {
		bad("the byproducts are not sorted")
	}
	if c.byproducts[statement.DecisionFile] == "" {
		bad("the byproducts do not contain %s", statement.DecisionFile)
	}
	return errors.Join(errs...)
}

// checkParameters checks the parameters that the user gave.
func (c *content) checkParameters() []error {
	ext := &c.provenance.BuildDefinition.ExternalParameters
	p := &ext.Parameters
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if ext.Name != c.name {
		bad("the provenance is for system %q, but the image is %q", ext.Name, c.name)
	}
	if ext.Arch == "" {
		bad("the architecture is missing")
	}
	if len(ext.Sources) == 0 {
		bad("the os.yml is missing from the sources")
	}
	for _, d := range ext.Sources {
		if err := plain(d); err != nil || d.Name == "" {
			bad("source %q must have a name and one sha256 digest, and nothing else", d.Name)
		}
	}
	if err := c.checkFormats(p.Format); err != nil {
		bad("%v", err)
	}
	if p.FailOn != "none" && decision.Severity(p.FailOn).Rank() == 0 {
		bad("fail-on %q is not a severity", p.FailOn)
	}
	if p.SourceDateEpoch < 0 || p.SourceDateEpoch > maxEpoch {
		bad("sourceDateEpoch is not a time between 1970 and 2106")
	}
	if at := p.DecidedAt(); at != "" {
		var err error
		if c.decided, err = statement.ParseTime(at); err != nil {
			bad("parameter now: %v", err)
		}
	}
	return errs
}

// checkFormats requires that the image's files are the files that a build in
// these formats writes.
func (c *content) checkFormats(formats []string) error {
	var want []string
	for i, f := range formats {
		endings, known := statement.Formats[f]
		if !known || slices.Contains(formats[:i], f) {
			return fmt.Errorf("format %q is unknown or a duplicate", f)
		}
		for _, e := range endings {
			want = append(want, c.name+e)
		}
	}
	slices.Sort(want)
	if have := slices.Sorted(maps.Keys(c.files)); !slices.Equal(have, want) {
		return fmt.Errorf("formats %q give the files %q, but the image has %q", formats, want, have)
	}
	return nil
}

// checkDependency requires that a dependency has a kind that builds have, and
// exactly the members of that kind.
func checkDependency(d statement.Descriptor) error {
	index, indexed := d.Annotations[statement.AnnotationIndex]
	rest := d
	id, component := strings.CutPrefix(d.Name, statement.DependencyComponent)
	file, isFile := strings.CutPrefix(d.Name, statement.DependencyFile)
	bundle, isBundle := strings.CutPrefix(d.Name, statement.DependencyBundle)
	variable, isEnrolled := strings.CutPrefix(d.Name, statement.DependencyEnrolled)
	tool, isTool := strings.CutPrefix(d.Name, statement.DependencyTool)
	switch {
	case component:
		if id == "" || !slices.Contains(manifestTypes, d.MediaType) {
			return fmt.Errorf("media type %q is not the media type of a manifest", d.MediaType)
		}
		if _, err := statement.DigestSet(index); indexed && (err != nil || index == d.SHA256()) {
			return errors.New("the annotation index is not the digest of an index")
		}
		// The URI is compared when the component's statement is checked.
		rest.URI, rest.MediaType = "", ""
		if indexed && len(d.Annotations) == 1 {
			rest.Annotations = nil
		}
	case isFile && file != "", isEnrolled && variable != "", d.Name == statement.DependencyLock, d.Name == statement.DependencyWaivers, d.Name == statement.DependencyCertificate:
	case d.Name == statement.DependencyPolicy, isBundle && bundle != "", isTool && tool != "":
		if d.URI == "" {
			return errors.New("the URI is missing")
		}
		rest.URI = ""
	default:
		return errors.New("builds do not have a dependency of this name")
	}
	return plain(rest)
}

// plain requires that a descriptor has one sha256 digest and a name, and
// nothing else.
func plain(d statement.Descriptor) error {
	switch {
	case !d.Exact():
		return errors.New("must have exactly one digest, of type sha256")
	case d.URI != "" || d.MediaType != "" || d.Annotations != nil:
		return errors.New("has a URI, a media type or an annotation that its kind does not have")
	}
	return nil
}

// addByproduct records a byproduct: a file, and the statement whose document it
// is.
func (c *content) addByproduct(d statement.Descriptor) error {
	if _, twice := c.byproducts[d.Name]; twice {
		return errors.New("the name is a duplicate")
	}
	if !isPath(d.Name) {
		return errors.New("the name is not a path in the folder")
	}
	c.byproducts[d.Name] = d.SHA256()
	stem, document := d.Annotations[statement.AnnotationStatement]
	if document && len(d.Annotations) == 1 {
		if old, twice := c.documents[stem]; twice || stem == "" {
			return fmt.Errorf("is the document of statement %q, which already has the document %q", stem, old)
		}
		c.documents[stem] = d.Name
		d.Annotations = nil
	}
	if d.Name == statement.MeasurementsFile {
		c.registers = d.Annotations
		for name, value := range d.Annotations {
			if !isRegister(name, value) {
				return fmt.Errorf("annotation %q: %q is not the value of a register", name, value)
			}
		}
		d.Annotations = nil
	}
	return plain(d)
}

// isRegister reports whether an annotation is that of a register, with a SHA-256 value.
func isRegister(name, value string) bool {
	known := slices.Contains(slices.Collect(maps.Values(statement.Registers)), name)
	_, err := statement.DigestSet("sha256:" + value)
	return known && err == nil
}

// isPath reports whether a signed name can be the path of a file in the folder.
func isPath(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' })
}

// components are the component IDs in the provenance, sorted.
func (c *content) components() []string {
	var ids []string
	for _, name := range slices.Sorted(maps.Keys(c.dependencies)) {
		if id, ok := strings.CutPrefix(name, statement.DependencyComponent); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// index is the digest to which a component's reference resolved.
func index(d statement.Descriptor) string {
	if i := d.Annotations[statement.AnnotationIndex]; i != "" {
		return i
	}
	return d.SHA256()
}
