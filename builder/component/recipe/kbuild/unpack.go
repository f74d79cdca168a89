package kbuild

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// The source of Linux 6.12 has 88,000 files and 1.5 GB.
const (
	maxFiles = 400_000
	maxBytes = 8 << 30
)

// unpack writes the files of an archive below dir, without the folder that contains all
// of them, and without files that a build for the architecture does not read. files has
// the names of all regular files in the archive, and whether they were written.
func unpack(ctx context.Context, archive io.Reader, dir, kernelArch string) (files map[string]bool, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	cmd := exec.CommandContext(ctx, "xz", "--decompress", "--stdout")
	cmd.Stdin, cmd.Env = archive, environment(dir)
	plain, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	files, err = untar(root, plain, kernelArch)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("xz: %w", err)
	}
	return files, nil
}

func untar(root *os.Root, r io.Reader, kernelArch string) (map[string]bool, error) {
	files := map[string]bool{}
	limited := &io.LimitedReader{R: r, N: maxBytes}
	tr := tar.NewReader(limited)
	for count := 0; ; {
		h, err := tr.Next()
		if limited.N <= 0 {
			return nil, fmt.Errorf("the archive unpacks to more than %d bytes", int64(maxBytes))
		}
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, r)
			return files, err
		}
		if err != nil {
			return nil, err
		}
		_, name, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/"), "/")
		if name == "" {
			continue
		}
		if count++; count > maxFiles {
			return nil, fmt.Errorf("more than %d files", maxFiles)
		}
		if !filepath.IsLocal(name) || name != path.Clean(name) {
			return nil, fmt.Errorf("entry %q would leave the folder", h.Name)
		}
		leftOut := h.Typeflag != tar.TypeDir && unread(name, kernelArch)
		if h.Typeflag == tar.TypeReg {
			files[name] = !leftOut
		}
		if leftOut {
			continue
		}
		if err := writeEntry(root, h, name, tr); err != nil {
			return nil, fmt.Errorf("entry %q: %w", h.Name, err)
		}
	}
}

func writeEntry(root *os.Root, h *tar.Header, name string, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		if !filepath.IsLocal(filepath.Join(filepath.Dir(name), h.Linkname)) || filepath.IsAbs(h.Linkname) {
			return fmt.Errorf("the link to %q would leave the folder", h.Linkname)
		}
		return root.Symlink(h.Linkname, name)
	case tar.TypeReg:
	default:
		return fmt.Errorf("it is a device or another type that a source does not have (type %q)", h.Typeflag)
	}
	mode := fs.FileMode(0o644)
	if h.Mode&0o100 != 0 {
		mode = 0o755
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// unread reports whether a build for the architecture does not read a file: it belongs
// to another architecture, or it is documentation. Kconfig reads its files everywhere, and
// some Makefiles include one of another architecture: fs/hostfs, for example, one of um.
func unread(name, kernelArch string) bool {
	if base := path.Base(name); strings.HasPrefix(base, "Kconfig") || strings.HasPrefix(base, "Makefile") {
		return false
	}
	if strings.HasPrefix(name, "Documentation/") {
		return true
	}
	rest, ok := strings.CutPrefix(name, "arch/")
	arch, _, below := strings.Cut(rest, "/")
	return ok && below && arch != kernelArch
}
