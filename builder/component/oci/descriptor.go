package oci

import (
	"fmt"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// The known media types.
const (
	TypeIndex          = "application/vnd.oci.image.index.v1+json"
	TypeManifest       = "application/vnd.oci.image.manifest.v1+json"
	TypeConfig         = "application/vnd.oci.image.config.v1+json"
	TypeLayer          = "application/vnd.oci.image.layer.v1.tar"
	TypeDockerIndex    = "application/vnd.docker.distribution.manifest.list.v2+json"
	TypeDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	TypeDockerConfig   = "application/vnd.docker.container.image.v1+json"
	TypeDockerLayer    = "application/vnd.docker.image.rootfs.diff.tar"
	// Registries may leave out the blobs of foreign layers.
	TypeForeign       = "application/vnd.oci.image.layer.nondistributable.v1.tar"
	TypeDockerForeign = "application/vnd.docker.image.rootfs.foreign.diff.tar"
)

// IsIndex reports whether t is the media type of an index.
func IsIndex(t string) bool { return t == TypeIndex || t == TypeDockerIndex }

// IsManifest reports whether t is the media type of an image manifest.
func IsManifest(t string) bool { return t == TypeManifest || t == TypeDockerManifest }

// Descriptor names a blob.
type Descriptor struct {
	MediaType string `json:"mediaType"`
	// ArtifactType is set in lists of referrers.
	ArtifactType string            `json:"artifactType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	Platform     *Platform         `json:"platform"`
	Annotations  map[string]string `json:"annotations"`
}

// Platform is the system that an image is for.
type Platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant"`
}

// String is OS/ARCH[/VARIANT], "" for nil.
func (p *Platform) String() string {
	if p == nil {
		return ""
	}
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// Valid checks the digest and the size. A descriptor from elsewhere must be
// valid before its blob is read.
func (d Descriptor) Valid() error {
	if !digests.Valid(d.Digest) {
		return fmt.Errorf("a descriptor has the digest %q: only sha256 is supported", d.Digest)
	}
	if d.Size < 0 {
		return fmt.Errorf("the descriptor of %s has the invalid size %d", d.Digest, d.Size)
	}
	return nil
}
