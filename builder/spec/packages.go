package spec

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

const packagePrefix = "@pkg:"

// expandPackages replaces each text `@pkg:DIR` by the image that LinuxKit
// builds from the package in DIR: ORG/IMAGE:HASH. HASH is the git tree hash of
// the folder. DIR is relative to the folder of the os.yml. Nothing is fetched.
func expandPackages(n *yaml.Node, from Source, report func(n *yaml.Node, what, next string)) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && strings.HasPrefix(n.Value, packagePrefix) {
		name := strings.TrimPrefix(n.Value, packagePrefix)
		folder, err := from.file(name)
		if err != nil {
			report(n, fmt.Sprintf("package %q: %v", name, err), "write the image reference")
			return
		}
		image, err := packageImage(folder)
		if err != nil {
			report(n, fmt.Sprintf("package %q: %v", name, err), "commit the package to git, or write the image reference")
			return
		}
		n.Value = image
		return
	}
	for i, child := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			expandPackages(child, from, report)
		}
	}
}

// packageImage returns the image reference of the package in a folder.
func packageImage(folder string) (string, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return "", errors.New("the folder does not exist")
	}
	data, err := bounded.ReadFile(filepath.Join(folder, "build.yml"), MaxFileBytes)
	if err != nil || len(data) > MaxFileBytes {
		return "", errors.New("build.yml is missing, too large or cannot be read")
	}
	build := struct {
		Org, Image, Tag string
	}{Org: "linuxkit", Tag: "{{.Hash}}"}
	if err := yaml.Unmarshal(data, &build); err != nil {
		return "", fmt.Errorf("build.yml: %w", err)
	}
	if build.Image == "" {
		return "", errors.New("build.yml has no image")
	}
	if build.Tag != "{{.Hash}}" {
		return "", fmt.Errorf("build.yml has the tag %q: only {{.Hash}} is supported", build.Tag)
	}
	changes, err := git(folder, "status", "--porcelain", "--", ".")
	if err != nil {
		return "", err
	}
	if changes != "" {
		return "", errors.New("the folder has changes that are not committed")
	}
	hash, err := git(folder, "rev-parse", "--verify", "HEAD:./")
	if err != nil {
		return "", err
	}
	if !treeHash.MatchString(hash) {
		return "", fmt.Errorf("git returned %q as the hash of the folder", hash)
	}
	return build.Org + "/" + build.Image + ":" + hash, nil
}

var treeHash = lazyre.New(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// git runs git in the repository of a folder. A bare repository inside another
// repository is not used: its configuration could name programs to run.
func git(folder string, args ...string) (string, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return "", errors.New("git is not installed")
	}
	cmd := exec.Command("git", append([]string{
		"-C", folder, "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull,
	}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return "", fmt.Errorf("git %s: %s", args[0], first)
	}
	return strings.TrimSpace(string(out)), nil
}
