package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// maxSeals is the most folders of one image that a pull tries. A folder is added
// when the same image is pushed with another decision.
const maxSeals = 8

// listed is a descriptor in a list of referrers.
type listed struct {
	MediaType    string            `json:"mediaType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
}

// referrer is a manifest with a subject.
type referrer struct {
	listed
	raw []byte
}

func newReferrer(raw []byte) (referrer, error) {
	r := referrer{raw: raw}
	var m struct {
		ArtifactType string            `json:"artifactType"`
		Annotations  map[string]string `json:"annotations"`
	}
	if len(raw) > layout.MaxManifest {
		return r, fmt.Errorf("the folder has too many files: its manifest has %d bytes; the limit is %d", len(raw), layout.MaxManifest)
	}
	err := json.Unmarshal(raw, &m)
	r.listed = listed{MediaType: oci.TypeManifest, Digest: digests.Of(raw), Size: int64(len(raw)), Annotations: m.Annotations, ArtifactType: m.ArtifactType}
	return r, err
}

// subjectOf is the digest of the manifest that a manifest refers to, "" for none.
func subjectOf(raw []byte) (string, error) {
	var m struct {
		Subject struct {
			Digest string `json:"digest"`
		} `json:"subject"`
	}
	err := json.Unmarshal(raw, &m)
	return m.Subject.Digest, err
}

// tries is how often the list under the fallback tag is written, if another
// program writes it at the same time.
const tries = 5

// list adds referrers to the list under the fallback tag, if the registry has no
// API for referrers. Entries of others stay.
func (r *remote) list(ctx context.Context, artifact string, add []referrer) error {
	_, err := r.ReferrersOfType(ctx, r.q, artifact, layout.FolderType)
	if !errors.Is(err, registry.ErrNoReferrers) {
		return err
	}
	for range tries {
		have, err := r.tagList(ctx, artifact)
		if err != nil {
			return err
		}
		known := map[string]bool{}
		for _, one := range have {
			known[one.Digest] = true
		}
		complete := true
		for _, one := range add {
			if !known[one.Digest] {
				have, complete = append(have, one.listed), false
			}
		}
		if complete {
			return nil // also read back after it was written
		}
		raw, err := marshalList(have)
		if err != nil {
			return err
		}
		if len(raw) > layout.MaxManifest {
			return system.Unusable("the list of referrers (tag %s) would have %d bytes; the limit is %d", registry.Fallback(artifact), len(raw), layout.MaxManifest).
				Suggest("delete this tag if other programs do not need it, or use a registry with a referrers API")
		}
		if err := r.PutManifest(ctx, r.tagged(registry.Fallback(artifact)), oci.TypeIndex, raw); err != nil {
			return err
		}
	}
	return system.Unusable("the list of referrers (tag %s) is changed by other programs at the same time", registry.Fallback(artifact)).Suggest("push again")
}

// tagList reads the list under the fallback tag.
func (r *remote) tagList(ctx context.Context, artifact string) ([]listed, error) {
	_, raw, err := r.Manifest(ctx, r.tagged(registry.Fallback(artifact)))
	switch {
	case errors.Is(err, registry.ErrNoSuchImage):
		return []listed{}, nil
	case err != nil:
		return nil, err
	}
	return parseList(raw)
}

// marshalList makes an index.
func marshalList(list []listed) ([]byte, error) {
	return json.Marshal(struct {
		SchemaVersion int      `json:"schemaVersion"`
		MediaType     string   `json:"mediaType"`
		Manifests     []listed `json:"manifests"`
	}{2, oci.TypeIndex, list})
}

func parseList(raw []byte) ([]listed, error) {
	var ix struct {
		MediaType string    `json:"mediaType"`
		Manifests *[]listed `json:"manifests"`
	}
	switch err := strictjson.Decode(raw, &ix); {
	case err != nil:
		return nil, fmt.Errorf("the list of referrers is malformed: %w", err)
	case ix.Manifests == nil || ix.MediaType != "" && ix.MediaType != oci.TypeIndex:
		return nil, errors.New("the list of referrers is not an index")
	}
	return *ix.Manifests, nil
}

// seals finds the folders of an image: the last one that was decided comes first.
// Other referrers are not read.
func seals(ctx context.Context, st store, artifact string, files []layout.File, note func(string)) ([]*layout.Sealed, error) {
	all, err := st.referrers(ctx, artifact, layout.FolderType)
	if err != nil {
		return nil, err
	}
	var ours []listed
	foreign := 0
	for _, one := range all {
		switch one.ArtifactType {
		case layout.FolderType:
			ours = append(ours, one)
		case SiteType: // read by ReadSite
		case statement.BundleMediaType, "application/vnd.oci.empty.v1+json": // some registries list the config's type
		default:
			foreign++
		}
	}
	if foreign > 0 {
		note(fmt.Sprintf("%d other referrers of the image were ignored", foreign))
	}
	if len(ours) > maxSeals {
		note(fmt.Sprintf("the image has %d sealed folders; only the last %d in the list are read", len(ours), maxSeals))
		ours = ours[len(ours)-maxSeals:]
	}
	found := make([]*layout.Sealed, len(ours))
	bad := make([]error, len(ours))
	if err := each(ctx, len(ours), func(ctx context.Context, i int) error {
		raw, err := readReferrer(ctx, st, ours[i])
		if err == nil {
			found[i], err = layout.ParseFolder(raw, artifact, files)
		}
		bad[i] = err
		return ctx.Err()
	}); err != nil {
		return nil, err
	}
	var out []*layout.Sealed
	for i, s := range slices.Backward(found) {
		if bad[i] != nil {
			note(fmt.Sprintf("referrer %s was ignored: %v", ours[i].Digest, bad[i]))
			continue
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b *layout.Sealed) int { return strings.Compare(b.Decided, a.Decided) })
	if len(out) == 0 {
		return nil, noSeal(bad)
	}
	return out, nil
}

// noSeal is the error if no folder can be used.
func noSeal(bad []error) error {
	for _, err := range bad {
		var e *system.Error
		if errors.As(err, &e) || errors.As(err, new(*oci.Mismatch)) {
			return err
		}
	}
	return system.Unusable("the registry lists no sealed folder of this image").Because(errors.Join(bad...)).
		Suggest("push the image again: copies that leave out referrers are not complete")
}

// readReferrer reads the manifest of a referrer. It is verified.
func readReferrer(ctx context.Context, s store, one listed) ([]byte, error) {
	if !digests.Valid(one.Digest) || one.Size < 0 || one.Size > layout.MaxManifest {
		return nil, fmt.Errorf("the entry in the list of referrers has the digest %q and %d bytes", one.Digest, one.Size)
	}
	return s.manifest(ctx, one.Digest)
}
