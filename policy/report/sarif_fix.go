package report

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// A SARIF fix is a finding's diff in a form that editors can apply: whole lines of a
// file and their replacement, character by character.

type sarifFix struct {
	Description sarifText     `json:"description"`
	Changes     []sarifChange `json:"artifactChanges"`
}

type sarifChange struct {
	Artifact     sarifArtifact      `json:"artifactLocation"`
	Replacements []sarifReplacement `json:"replacements"`
}

type sarifReplacement struct {
	Deleted  sarifRegion `json:"deletedRegion"`
	Inserted *sarifText  `json:"insertedContent,omitempty"`
}

// fixesSARIF returns the finding's edit, or nil if it has no diff.
func fixesSARIF(f *decision.Finding, o Options) []sarifFix {
	if o.Diff == nil {
		return nil
	}
	changes := readDiff(o.Diff(f), o)
	if len(changes) == 0 {
		return nil
	}
	return []sarifFix{{sarifText{"The smallest edit that passes."}, changes}}
}

// diffReader parses a unified diff. The header of a hunk has its number of lines, so
// a line of the file is never mistaken for a line of the diff format.
type diffReader struct {
	lines []string
	// line is the number of the next line in the old file. The current replacement
	// begins at line from, removes gone and inserts put.
	line, from int
	gone, put  []string
}

func readDiff(diff string, o Options) []sarifChange {
	r := &diffReader{lines: strings.SplitAfter(diff, "\n")}
	var out []sarifChange
	for len(r.lines) > 0 {
		head := r.next()
		if name, ok := strings.CutPrefix(head, "+++ b/"); ok {
			out = append(out, sarifChange{Artifact: artifactSARIF(o.named(strings.TrimSuffix(name, "\n")))})
		}
		if old, added, ok := r.hunk(head); ok && len(out) > 0 {
			last := &out[len(out)-1]
			last.Replacements = append(last.Replacements, r.replacements(old, added)...)
		}
	}
	return out
}

func (r *diffReader) next() string {
	l := r.lines[0]
	r.lines = r.lines[1:]
	return l
}

// hunk parses "@@ -LINE,OLD +LINE,NEW @@". A missing count is one.
func (r *diffReader) hunk(head string) (old, added int, ok bool) {
	words := strings.Fields(head)
	if len(words) != 4 || words[0] != "@@" || words[3] != "@@" {
		return 0, 0, false
	}
	counts := [2]int{1, 1}
	for i := range counts {
		start, count, some := strings.Cut(words[i+1][1:], ",")
		n, err := strconv.Atoi(start)
		if err == nil && some {
			counts[i], err = strconv.Atoi(count)
		}
		if err != nil {
			return 0, 0, false
		}
		if i == 0 {
			r.line = n
		}
	}
	if counts[0] == 0 { // the text is inserted after that line
		r.line++
	}
	return counts[0], counts[1], true
}

func (r *diffReader) replacements(old, added int) []sarifReplacement {
	var out []sarifReplacement
	flush := func() {
		if len(r.gone)+len(r.put) > 0 {
			out = append(out, r.replacement())
		}
		r.gone, r.put = nil, nil
	}
	for (old > 0 || added > 0) && len(r.lines) > 0 {
		l := r.next()
		if l == "" {
			break
		}
		text := l[1:]
		if len(r.lines) > 0 && strings.HasPrefix(r.lines[0], `\ `) { // the file ends without a line break
			r.next()
			text = strings.TrimSuffix(text, "\n")
		}
		if len(r.gone)+len(r.put) == 0 {
			r.from = r.line
		}
		switch l[0] {
		case '-':
			r.gone = append(r.gone, text)
			old, r.line = old-1, r.line+1
		case '+':
			r.put = append(r.put, text)
			added--
		default:
			flush()
			old, added, r.line = old-1, added-1, r.line+1
		}
	}
	flush()
	return out
}

// replacement returns the replacement of whole lines with their line breaks. It ends
// where the next line begins, or at the end of the file.
func (r *diffReader) replacement() sarifReplacement {
	out := sarifReplacement{Deleted: sarifRegion{StartLine: r.from, StartColumn: 1, EndLine: r.from + len(r.gone), EndColumn: 1}}
	if n := len(r.gone); n > 0 && !strings.HasSuffix(r.gone[n-1], "\n") {
		out.Deleted.EndLine, out.Deleted.EndColumn = r.from+n-1, utf8.RuneCountInString(r.gone[n-1])+1
	}
	if len(r.put) > 0 {
		out.Inserted = &sarifText{strings.Join(r.put, "")}
	}
	return out
}
