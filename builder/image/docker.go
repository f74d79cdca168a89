package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// dockerFormat is an archive for `docker load`: the whole tree, boot/ included,
// as an image with one layer.
var dockerFormat = Format{Name: "docker", Files: []string{"-docker.tar"}, Xattrs: true, from: "tar", stream: dockerArchive}

// dockerManifest is the only item of the archive's manifest.json.
type dockerManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func dockerArchive(w io.Writer, b Base, o Options) error {
	layer, err := b.open(".tar")
	if err != nil {
		return err
	}
	sum, err := layer.sum()
	if err != nil {
		return err
	}
	id := digests.Hex(sum)
	config, err := json.Marshal(v1.ConfigFile{
		Architecture: o.Arch, OS: "linux", Created: v1.Time{Time: o.Time.UTC()},
		Config: v1.Config{Entrypoint: []string{"/init"}},
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{{Algorithm: "sha256", Hex: id}}},
	})
	if err != nil {
		return err
	}
	configName := digests.Hex(digests.Of(config)) + ".json"
	manifest, err := json.Marshal([]dockerManifest{{Config: configName, RepoTags: repoTags(o.Stem), Layers: []string{id + "/layer.tar"}}})
	if err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	return errors.Join(
		tarFile(tw, id+"/layer.tar", b, ".tar", o),
		tarEntry(tw, configName, bytes.NewReader(config), int64(len(config)), o),
		tarEntry(tw, "manifest.json", bytes.NewReader(manifest), int64(len(manifest)), o),
		tw.Close())
}

// repository is what Docker accepts as the name of an image.
var repository = lazyre.New(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)

// repoTags names the image after the system. Docker loads an image without a
// name if the system's name is not valid there.
func repoTags(stem string) []string {
	if !repository.MatchString(stem) {
		return nil
	}
	return []string{stem + ":latest"}
}
