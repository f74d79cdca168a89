package edit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Follow makes edits that are meant for files as they were in files as other
// edits have left them. A place in a list is that of the same element, and what
// is done is not done again. Where the others have changed what an edit is about
// it refuses: one of the two would be lost.
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
		at, ok := f.place(steps, at)
		if !ok {
			return nil, system.BadInput("cannot edit: another edit changes /%s", strings.Join(steps, "/")).At(system.Position{File: now[k].Name}).
				Suggest("make the other edit first, then explain this finding again")
		}
		if !f.done(at) {
			if now[k], err = one(now[k], e.Op, at, e.Value); err != nil {
				return nil, err
			}
		}
		if n == len(edits)-1 {
			break
		}
		if was[i], err = one(was[i], e.Op, steps, e.Value); err != nil {
			return nil, err
		}
	}
	return now, nil
}

// readAll gives the files, each taken apart: locate fails for one that cannot be.
func readAll(files []File) []File {
	out := make([]File, 0, len(files))
	for _, f := range files {
		out = append(out, f.Read())
	}
	return out
}

// follower is one edit on its way from a tree to what became of it.
type follower struct {
	edit            decision.Edit
	was, now, value any
}

// place takes steps into the old tree to where they lead in the new one, whose
// own way to the component's entry is at; ok is false where that is not there
// any more, or another edit set it to something else.
func (f *follower) place(steps, at []string) (out []string, ok bool) {
	out = slices.Clone(at)
	for i := 2; i < len(steps); i++ { // the section and the entry are found
		list, isList := lookup(f.was, steps[:i]...).([]any)
		if !isList {
			continue
		}
		n, err := strconv.Atoi(steps[i])
		if err != nil || n >= len(list) {
			continue
		}
		n, ok := same(list, n, lookup(f.now, out[:i]...))
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
		return out, f.holds(after) || !f.contradicts(before, after)
	}
	return out, f.edit.Value == nil || f.holds(after) || !changed(before, after)
}

// changed: a list has elements that it had not. One that is not there any more
// may be one of them now, and is not done with.
func changed(before, after any) bool {
	had, _ := before.([]any)
	has, _ := after.([]any)
	return slices.ContainsFunc(has, func(v any) bool {
		return !slices.ContainsFunc(had, func(one any) bool { return equal(v, one) })
	})
}

// contradicts: another edit gave a parameter that this one appends, with a value
// of its own.
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

// same finds the element at n of a list in what became of it: among equals, the
// one with as many of them before it, or the last.
func same(list []any, n int, now any) (at int, ok bool) {
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

// done: what the edit takes away is gone, what it adds is there.
func (f *follower) done(at []string) bool {
	there := lookup(f.now, at...)
	switch f.edit.Op {
	case "remove":
		return there == nil || f.edit.Value != nil && !f.holds(there)
	case "append":
		return f.holds(there)
	}
	return equal(there, f.value)
}

// holds: the value is an element of the list, or its words are words of the
// text.
func (f *follower) holds(there any) bool {
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
