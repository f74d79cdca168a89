package edit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Follow makes edits that refer to the files in was. It makes them in the files
// in now, which other edits have already changed. A position in a list refers
// to the same element, even if the element has moved. An edit that was already
// made is skipped. If an earlier edit changed the same value in another way,
// Follow returns an error, because one of the two edits would be lost.
func Follow(was, now []File, edits []decision.Edit) ([]File, error) {
	was, now = readAll(was), readAll(now)
	for n, e := range edits {
		i, steps, err := locate(was, e)
		if err != nil {
			return nil, err
		}
		k, at, err := locate(now, e)
		if err != nil {
			return nil, err
		}
		f := follower{edit: e, was: was[i].read.tree, now: now[k].read.tree}
		if e.Value != nil {
			if f.value, err = plainValue(e.Value); err != nil {
				return nil, err
			}
		}
		at, ok := f.translate(steps, at)
		if !ok {
			return nil, system.BadInput("cannot edit: another edit changes /%s", strings.Join(steps, "/")).At(system.Position{File: now[k].Name}).
				Suggest("make the other edit first, then explain this finding again")
		}
		if !f.isDone(at) {
			if now[k], err = applyOne(now[k], e.Op, at, e.Value); err != nil {
				return nil, err
			}
		}
		if n == len(edits)-1 {
			break
		}
		if was[i], err = applyOne(was[i], e.Op, steps, e.Value); err != nil {
			return nil, err
		}
	}
	return now, nil
}

// readAll parses each file once. locate reports a file that cannot be parsed.
func readAll(files []File) []File {
	out := make([]File, 0, len(files))
	for _, f := range files {
		out = append(out, f.Read())
	}
	return out
}

// follower converts one edit from the old tree to the new tree.
type follower struct {
	edit            decision.Edit
	was, now, value any
}

// translate converts steps in the old tree to steps in the new tree. at is the
// path of the component's entry in the new tree. ok is false if the value no
// longer exists or if another edit has set it.
func (f *follower) translate(steps, at []string) (out []string, ok bool) {
	out = slices.Clone(at)
	for i := 2; i < len(steps); i++ { // the section and the entry are already converted
		list, isList := lookup(f.was, steps[:i]...).([]any)
		if !isList {
			continue
		}
		n, err := strconv.Atoi(steps[i])
		if err != nil || n >= len(list) {
			continue
		}
		n, ok := sameElement(list, n, lookup(f.now, out[:i]...))
		if !ok {
			return nil, false
		}
		out[i] = strconv.Itoa(n)
	}
	before, after := lookup(f.was, steps...), lookup(f.now, out...)
	switch f.edit.Op {
	case "set":
		return out, equal(before, after) || equal(after, f.value)
	case "append":
		return out, f.contains(after) || !f.contradicts(before, after)
	}
	return out, f.edit.Value == nil || f.contains(after) || !changed(before, after)
}

// changed reports whether a list has new elements. Then an element that has
// gone may have been changed into a new one, so its removal is not finished.
func changed(before, after any) bool {
	had, _ := before.([]any)
	has, _ := after.([]any)
	return slices.ContainsFunc(has, func(v any) bool {
		return !slices.ContainsFunc(had, func(one any) bool { return equal(v, one) })
	})
}

// contradicts reports whether another edit added the same parameter with
// another value.
func (f *follower) contradicts(before, after any) bool {
	names := func(text any) map[string]bool {
		out := map[string]bool{}
		s, _ := text.(scalar)
		for _, w := range splitWords(s.value) {
			name, _, _ := strings.Cut(w, "=")
			out[name] = true
		}
		return out
	}
	then, now := names(before), names(after)
	words, _ := f.edit.Value.(string)
	for name := range names(scalar{value: words}) {
		if now[name] && !then[name] {
			return true
		}
	}
	return false
}

// sameElement returns the position in now of the element n of list. Among equal
// elements, it is the one with the same number of equal elements before it, or
// the last one.
func sameElement(list []any, n int, now any) (at int, ok bool) {
	before := 0
	for _, v := range list[:n] {
		if equal(v, list[n]) {
			before++
		}
	}
	after, _ := now.([]any)
	for i, v := range after {
		if !equal(v, list[n]) {
			continue
		}
		at, ok = i, true
		if before--; before < 0 {
			break
		}
	}
	return at, ok
}

// isDone reports whether the new tree already has the result of the edit.
func (f *follower) isDone(at []string) bool {
	there := lookup(f.now, at...)
	switch f.edit.Op {
	case "remove":
		return there == nil || f.edit.Value != nil && !f.contains(there)
	case "append":
		return f.contains(there)
	}
	return equal(there, f.value)
}

// contains reports whether the list contains the value, or whether the text
// contains all its words.
func (f *follower) contains(there any) bool {
	switch v := there.(type) {
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return equal(one, f.value) })
	case scalar:
		words, isText := f.edit.Value.(string)
		have := splitWords(v.value)
		return isText && !slices.ContainsFunc(splitWords(words), func(w string) bool { return !slices.Contains(have, w) })
	}
	return false
}
