package vuln

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// reader reads databases, each byte once.
type reader struct {
	*matcher
	kinds    map[string]bool
	digests  []string
	modified string
	records  int
	total    int64
}

// path reads a file or a folder. Files of a folder are read in the order of
// their names.
func (r *reader) path(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return system.NotRead(path, err)
	}
	if !info.IsDir() {
		return r.file(ctx, path)
	}
	found := 0
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return system.NotRead(p, err)
		}
		if ext := filepath.Ext(p); d.IsDir() || ext != ".json" && ext != ".zip" {
			return ctx.Err()
		}
		// A link counts as its target: skipping it would leave out a part of
		// the database.
		if info, err := os.Stat(p); err != nil {
			return system.NotRead(p, err)
		} else if !info.Mode().IsRegular() {
			return malformed(p, errors.New("it is not a regular file"))
		}
		found++
		return r.file(ctx, p)
	})
	if err == nil && found == 0 {
		return malformed(path, errors.New("the folder contains no .json or .zip file"))
	}
	return err
}

func (r *reader) file(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return system.NotRead(path, err)
	}
	defer f.Close()
	hash, before := sha256.New(), r.records
	var magic [4]byte
	if n, _ := f.ReadAt(magic[:], 0); string(magic[:n]) == "PK\x03\x04" {
		size, err := io.Copy(hash, f)
		if err != nil {
			return system.NotRead(path, err)
		}
		if err := r.archive(ctx, f, size, path); err != nil {
			return err
		}
	} else if err := r.document(io.TeeReader(f, hash), path); err != nil {
		return err
	}
	if r.records == before {
		return malformed(path, errors.New("it contains no vulnerabilities"))
	}
	r.digests = append(r.digests, digests.Sum(hash))
	return ctx.Err()
}

func (r *reader) archive(ctx context.Context, f io.ReaderAt, size int64, path string) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return malformed(path, err)
	}
	if len(z.File) > maxEntries {
		return malformed(path, fmt.Errorf("the archive has more than %d files", maxEntries))
	}
	files := slices.DeleteFunc(z.File, func(e *zip.File) bool { return !strings.HasSuffix(e.Name, ".json") })
	if len(files) == 0 {
		return malformed(path, errors.New("the archive contains no .json file"))
	}
	slices.SortStableFunc(files, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	for _, e := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		entry, err := e.Open()
		if err != nil {
			return malformed(path+": "+e.Name, err)
		}
		err = r.document(entry, path+": "+e.Name)
		if err = errors.Join(err, entry.Close()); err != nil {
			return err
		}
	}
	return nil
}

// document reads one JSON document to its end.
func (r *reader) document(in io.Reader, path string) error {
	left := &io.LimitedReader{R: in, N: maxFile + 1}
	b := bufio.NewReaderSize(left, 64<<10)
	err := r.decode(b)
	r.total += maxFile + 1 - left.N
	switch {
	case left.N <= 0:
		err = fmt.Errorf("the file has more than %d MiB", maxFile>>20)
	case r.total > maxTotal:
		err = fmt.Errorf("all databases together have more than %d GiB", maxTotal>>30)
	}
	if err != nil {
		return malformed(path, err)
	}
	return nil
}

// decode recognises the format by the beginning of the document, and reads it.
func (r *reader) decode(b *bufio.Reader) error {
	head, _ := b.Peek(4 << 10)
	first := json.NewDecoder(bytes.NewReader(head))
	open, err := first.Token()
	if err != nil {
		return fmt.Errorf("%w: %w", errNoForm, err)
	}
	d := json.NewDecoder(b)
	switch open {
	case json.Delim('['):
		if _, err := d.Token(); err != nil {
			return err
		}
		for d.More() {
			if err := r.record(d); err != nil {
				return err
			}
		}
		_, err = d.Token()
	case json.Delim('{'):
		key, _ := first.Token()
		value, _ := first.Token()
		if name, ok := key.(string); ok && value == json.Delim('{') && !strings.Contains(name, "_") {
			err = r.tracker(d)
		} else {
			err = r.record(d)
		}
	default:
		return errNoForm
	}
	if err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("byte %d: there is more text after the document", d.InputOffset())
	}
	return nil
}

// record reads one record of OSV, or the catalogue of exploited
// vulnerabilities.
func (r *reader) record(d *json.Decoder) error {
	from := d.InputOffset()
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return fmt.Errorf("byte %d: %w", d.InputOffset(), err)
	}
	if len(raw) > maxRecord {
		return fmt.Errorf("byte %d: the record has more than %d MiB", from, maxRecord>>20)
	}
	var one record
	if err := strictjson.Decode(raw, &one); err != nil {
		return fmt.Errorf("the record at byte %d: %w", from, err)
	}
	switch {
	case one.ID != "":
		r.kinds["OSV"] = true
		r.date(one.Modified)
		r.records++
		return r.osv(&one)
	case one.CatalogVersion != "" && one.Vulnerabilities != nil:
		r.kinds["CISA KEV"] = true
		r.date(one.DateReleased)
		r.records += len(one.Vulnerabilities)
		return r.kev(&one)
	}
	return errNoForm
}

// date keeps the newest date.
func (r *reader) date(s string) {
	if len(s) >= len("2006-01-02") && s[4] == '-' && s[7] == '-' {
		r.modified = max(r.modified, s[:10])
	}
}

// trackerEntry is one CVE of one package in Debian's tracker.
type trackerEntry struct {
	Releases map[string]trackerState `json:"releases"`
}

type trackerState struct {
	Status  string `json:"status"`
	Fixed   string `json:"fixed_version"`
	Urgency string `json:"urgency"`
}

// tracker reads Debian's tracker one source package at a time. The tracker
// covers a release only if it has an entry for it: releases that have ended are
// removed from it at some point.
func (r *reader) tracker(d *json.Decoder) error {
	r.kinds[tracker] = true
	if _, err := d.Token(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		source, _ := key.(string)
		if seen[source] {
			return fmt.Errorf("byte %d: package %q is a duplicate", d.InputOffset(), source)
		}
		seen[source] = true
		entries, err := r.entries(d, source)
		if err != nil {
			return fmt.Errorf("package %q: %w", source, err)
		}
		r.records += len(entries)
		for _, id := range slices.Sorted(maps.Keys(entries)) {
			if !strings.HasPrefix(id, "CVE-") && !strings.HasPrefix(id, "TEMP-") {
				return fmt.Errorf("package %q: %q is not the id of a vulnerability: %w", source, id, errNoForm)
			}
			for codename, state := range entries[id].Releases {
				eco := tracker + ":" + codename
				r.inDatabases[eco] = true
				for _, l := range r.wanted[name{eco, source}] {
					r.debian(l, id, state)
				}
			}
		}
	}
	_, err := d.Token()
	return err
}

// entries reads those of one source package. Entries of other packages are only
// checked to be JSON: the tracker has 70 million bytes.
func (r *reader) entries(d *json.Decoder, source string) (out map[string]trackerEntry, err error) {
	if !r.sources[source] {
		return out, d.Decode(&out)
	}
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return nil, err
	}
	return out, strictjson.Decode(raw, &out)
}

func (r *reader) debian(l *candidate, id string, state trackerState) {
	a := &assertion{record: id, ids: map[string]bool{id: true}, answer: inside, ecosystem: tracker,
		severity: word(strings.TrimRight(state.Urgency, "*"))}
	switch state.Status {
	case "open":
	case "resolved":
		switch c, ok := compare(tracker, l.version, state.Fixed); {
		case state.Fixed == "0", ok && c >= 0:
			a.answer = outside
		case !ok:
			a.answer = undecided
		}
		a.fixed = state.Fixed
	default: // undetermined
		return
	}
	r.add(l.target, a)
}
