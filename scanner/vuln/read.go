package vuln

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/strictjson"
	"github.com/seaworthy-os/seaworthy/scanner/records"
)

// reader reads databases, each byte once.
type reader struct {
	*matcher
	files    records.Reader
	kinds    map[string]bool
	modified string
	records  int
}

func newReader(m *matcher) *reader {
	r := &reader{matcher: m, kinds: map[string]bool{}}
	r.files = records.Reader{Name: "*.json", Document: r.decode, Count: func() int { return r.records }}
	return r
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
	if len(raw) > records.MaxRecord {
		return fmt.Errorf("byte %d: the record has more than %d MiB", from, records.MaxRecord>>20)
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
