package pipeline

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/parallel"
	"github.com/seaworthy-os/seaworthy/pipeline/bootfacts"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// examine reads the files of an image, several at the same time: how they boot, so that
// rules judge what boots, and the digests that made does not have yet.
func (o BuildOptions) examine(dir, stem string, made *assembled) (facts.Boot, error) {
	out := facts.Boot{Present: true}
	if certificate := o.certificate(); certificate != "" {
		out.Certificates = []string{certificate}
	}
	started := startedFiles(o.Formats, stem)
	if len(started) > 0 {
		out.Files = make([]facts.BootFile, len(started))
	}
	unread := slices.DeleteFunc(slices.Clone(made.files), func(name string) bool { return made.digests[name] != "" })
	read := make([]string, len(unread))
	err := parallel.Each(len(started)+len(unread), func(i int) (err error) {
		if i < len(started) {
			out.Files[i], err = made.bootFile(dir, started[i])
			return err
		}
		i -= len(started)
		read[i], err = digestOfFile(filepath.Join(dir, unread[i]))
		return err
	})
	if err != nil {
		return facts.Boot{}, err
	}
	for i, name := range unread {
		made.digests[name] = read[i]
	}
	return out, nil
}

// startedFiles are the files of formats from which a machine boots, sorted. An initrd
// is read by the kernel alone.
func startedFiles(formats []string, stem string) []string {
	var out []string
	for _, name := range formats {
		f, _ := image.Find(name)
		if !image.Started(f) {
			continue
		}
		for _, ending := range f.Files {
			if ending != image.InitrdEnding {
				out = append(out, stem+ending)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// bootFile describes how one file of dir boots.
func (a *assembled) bootFile(dir, name string) (_ facts.BootFile, err error) {
	if a.set != nil {
		// These are the bytes that were written, and whose digest is signed. The file itself
		// may have to be read from the disk again.
		if content, inside := a.set.Content(name); content != nil {
			return describeBoot(name, inside, content, content.Size()), nil
		}
	}
	path := filepath.Join(dir, name)
	if strings.HasSuffix(name, image.CmdlineEnding) {
		text, err := bounded.ReadFile(path, maxCmdline)
		if err != nil {
			return facts.BootFile{}, system.NotRead(path, err)
		}
		return bootfacts.OfCmdline(name, text), nil
	}
	if strings.HasSuffix(name, image.KernelEnding) { // it is started with its initrd, and not by firmware
		return facts.BootFile{Path: name}, nil
	}
	f, err := bounded.Open(path)
	if err != nil {
		return facts.BootFile{}, system.NotRead(path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return facts.BootFile{}, system.NotRead(path, err)
	}
	return describeBoot(name, "", f, info.Size()), nil
}

// describeBoot describes how a file boots whose content, at the path inside, is r.
func describeBoot(name, inside string, r io.ReaderAt, size int64) facts.BootFile {
	described, err := inspect.Describe(name, r, size, inspect.Options{BootOnly: true})
	if err != nil { // rules report it: firmware may start what is not understood
		return facts.BootFile{Path: name, Starts: []string{"uefi"}, Unread: []string{err.Error()}}
	}
	return bootfacts.Of(name, inside, described)
}
