package image

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// dockerFormat is an archive for `docker load`: the whole tree, boot/ included,
// as an image with one layer.
var dockerFormat = Format{Name: "docker", Files: []string{"-docker.tar"}, Xattrs: true, from: "tar", derive: dockerArchive}

// dockerManifest is the only item of the archive's manifest.json.
type dockerManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func dockerArchive(b Base, o Options) (_ []string, err error) {
	layer, size, err := b.Open(".tar")
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, layer); err != nil {
		return nil, errors.Join(err, layer.Close())
	}
	if _, err := layer.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, layer.Close())
	}
	diffID := digests.Sum(h)
	id := digests.Hex(diffID)
	config, err := json.Marshal(v1.ConfigFile{
		Architecture: o.Arch, OS: "linux", Created: v1.Time{Time: o.Time.UTC()},
		Config: v1.Config{Entrypoint: []string{"/init"}},
		RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{{Algorithm: "sha256", Hex: id}}},
	})
	if err != nil {
		return nil, errors.Join(err, layer.Close())
	}
	configName := digests.Hex(digests.Of(config)) + ".json"
	manifest, err := json.Marshal([]dockerManifest{{Config: configName, RepoTags: repoTags(o.Stem), Layers: []string{id + "/layer.tar"}}})
	if err != nil {
		return nil, errors.Join(err, layer.Close())
	}
	name := o.Stem + "-docker.tar"
	out, err := create(o, name)
	if err != nil {
		return nil, errors.Join(err, layer.Close())
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	tw := tar.NewWriter(out)
	return []string{name}, errors.Join(
		tarFile(tw, id+"/layer.tar", layer, size, o.Time),
		tarBytes(tw, configName, config, o),
		tarBytes(tw, "manifest.json", manifest, o),
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

// tarBytes adds a small file of root with mode 0644.
func tarBytes(tw *tar.Writer, name string, data []byte, o Options) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(data)), ModTime: o.Time}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err := tw.Write(data)
	return err
}
