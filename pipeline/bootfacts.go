package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/pipeline/bootfacts"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// boot reads the written files of an image, so that rules judge what boots and not
// what was meant to be written.
func (o BuildOptions) boot(dir, stem string) (facts.Boot, error) {
	out := facts.Boot{Present: true}
	if certificate := o.certificate(); certificate != "" {
		out.Certificates = []string{certificate}
	}
	for _, name := range startedFiles(o.Formats, stem) {
		f, err := bootFile(filepath.Join(dir, name), name)
		if err != nil {
			return facts.Boot{}, err
		}
		out.Files = append(out.Files, f)
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

// bootFile describes how one file boots.
func bootFile(path, name string) (_ facts.BootFile, err error) {
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
	f, err := os.Open(path)
	if err != nil {
		return facts.BootFile{}, system.NotRead(path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return facts.BootFile{}, system.NotRead(path, err)
	}
	r, err := inspect.Describe(name, f, info.Size(), inspect.Options{BootOnly: true})
	if err != nil { //nolint:nilerr // rules report it: firmware may start what is not understood
		return facts.BootFile{Path: name, Starts: []string{"uefi"}, Unread: []string{err.Error()}}, nil
	}
	return bootfacts.Of(name, r), nil
}
