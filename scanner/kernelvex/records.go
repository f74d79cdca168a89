package kernelvex

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
	"github.com/seaworthy-os/seaworthy/scanner/records"
)

// kernelCNA are the ids of the kernel's CNA: in the CVE list, and in its own repository. In
// records of other CNAs, programFiles can have another meaning.
var kernelCNA = []string{"416baaa9-dc9f-4396-8d5f-8c081fb06d67", "f4215fc3-5b6b-47ff-a258-f7189bd81038"}

// maxRecords is the highest number of CVEs of the kernel. In October 2026, it had 17,000.
const maxRecords = 100_000

// Records are the CVEs of the kernel's CNA.
type Records struct {
	// Digest is sha256:HEX of the files, or of the list of their digests.
	Digest string
	// Rejected and Others count the records that are left out: the CVE was rejected, or
	// another CNA wrote the record.
	Rejected, Others int

	byID map[string]*record
}

// record is a CVE record, version 5, as far as it is used.
type record struct {
	id, state, cna string
	updated        time.Time
	digest         string
	affected       []affectedProduct
}

// recordFile is the form of the whole record.
type recordFile struct {
	DataType    string          `json:"dataType"`
	DataVersion string          `json:"dataVersion"`
	Metadata    json.RawMessage `json:"cveMetadata"`
	// Containers are read only in records of the kernel's CNA.
	Containers json.RawMessage `json:"containers"`
}

type containers struct {
	CNA struct {
		Affected []affectedProduct `json:"affected"`
	} `json:"cna"`
}

type affectedProduct struct {
	Vendor    string             `json:"vendor"`
	Product   string             `json:"product"`
	Platforms []string           `json:"platforms"`
	Files     []string           `json:"programFiles"`
	Versions  []affectedVersions `json:"versions"`
}

type affectedVersions struct {
	Version         string            `json:"version"`
	Status          string            `json:"status"`
	Type            string            `json:"versionType"`
	LessThan        string            `json:"lessThan"`
	LessThanOrEqual string            `json:"lessThanOrEqual"`
	Changes         []json.RawMessage `json:"changes"`
}

// Read reads records from files, folders and zip archives. In a folder or an archive, the
// files have the names CVE-….json. One malformed record is an error: if it were left out, a
// document could lack a CVE.
func Read(ctx context.Context, paths []string) (*Records, error) {
	out := &Records{byID: map[string]*record{}}
	count := 0
	files := records.Reader{Name: "CVE-*.json", Count: func() int { return count }, Document: func(in *bufio.Reader) error {
		count++
		data, err := bounded.Read(in, records.MaxRecord)
		if err != nil {
			return err
		}
		return out.add(data)
	}}
	for _, p := range paths {
		if err := files.Path(ctx, p); err != nil {
			return nil, err
		}
	}
	for id, r := range out.byID {
		if r.state == "REJECTED" {
			delete(out.byID, id)
			out.Rejected++
		}
	}
	if len(out.byID) == 0 {
		return nil, system.BadInput("there is no CVE record of the Linux kernel's CNA in the given files").
			Suggest("use the records in https://git.kernel.org/pub/scm/linux/security/vulns.git")
	}
	out.Digest = files.Digest()
	return out, nil
}

var (
	cveRE         = lazyre.New(`^CVE-[0-9]{4}-[0-9]{4,19}$`)
	dataVersionRE = lazyre.New(`^5(\.[0-9]{1,4}){0,2}$`)
)

// add adds one record. If there are several records of one CVE, the newest one counts.
func (out *Records) add(data []byte) error {
	r, err := parse(data)
	if err != nil {
		return err
	}
	if !slices.Contains(kernelCNA, r.cna) {
		out.Others++
		return nil
	}
	old := out.byID[r.id]
	switch {
	case old == nil && len(out.byID) == maxRecords:
		return fmt.Errorf("there are more than %d CVEs of the Linux kernel", maxRecords)
	case old != nil && old.updated.Equal(r.updated) && old.digest != r.digest:
		return fmt.Errorf("another file has another record of %s with the same date", r.id)
	case old == nil || r.updated.After(old.updated):
		out.byID[r.id] = r
	}
	return nil
}

// parse reads the whole of a record of the kernel's CNA, and the metadata of others.
func parse(data []byte) (*record, error) {
	var file recordFile
	if err := strictjson.Decode(data, &file); err != nil {
		return nil, err
	}
	if file.DataType != "CVE_RECORD" || !dataVersionRE.MatchString(file.DataVersion) {
		return nil, fmt.Errorf("it is not a CVE record of version 5: its dataType is %.100q, its dataVersion %.100q", file.DataType, file.DataVersion)
	}
	r, err := parseMetadata(file.Metadata)
	if err != nil {
		return nil, fmt.Errorf("cveMetadata: %w", err)
	}
	if !slices.Contains(kernelCNA, r.cna) {
		return r, nil
	}
	var c containers
	if err := strictjson.Decode(file.Containers, &c); err != nil {
		return nil, fmt.Errorf("containers: %w", err)
	}
	r.affected, r.digest = c.CNA.Affected, digests.Of(data)
	return r, nil
}

// parseMetadata reads which CVE it is, and who wrote the record. In old records of the kernel's
// own repository, cveId is spelled cveID.
func parseMetadata(data []byte) (*record, error) {
	if err := strictjson.CheckNames(data); err != nil {
		return nil, err
	}
	var members map[string]any
	if err := strictjson.Decode(data, &members); err != nil {
		return nil, err
	}
	text := func(name string) string { s, _ := members[name].(string); return s }
	r := &record{id: text("cveId") + text("cveID"), state: text("state"), cna: text("assignerOrgId")}
	switch {
	case !cveRE.MatchString(r.id):
		return nil, fmt.Errorf("%.100q is not the id of a CVE", r.id)
	case r.state != "PUBLISHED" && r.state != "REJECTED":
		return nil, fmt.Errorf("the state %.100q is not PUBLISHED or REJECTED", r.state)
	case r.cna == "":
		return nil, errors.New("it has no assignerOrgId")
	case members["dateUpdated"] == nil, !slices.Contains(kernelCNA, r.cna): // the kernel's own repository has no dates
		return r, nil
	}
	var err error
	r.updated, err = parseTime(text("dateUpdated"))
	return r, err
}

// parseTime reads a date of a record. Old records have no time zone, which means UTC.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err == nil {
		return t, nil
	}
	t, err = time.Parse("2006-01-02T15:04:05", s)
	if err != nil {
		return t, fmt.Errorf("%.100q is not a date", s)
	}
	return t, nil
}
