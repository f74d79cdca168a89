package edit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// File is one os.yml: its name in messages and its bytes.
type File struct {
	Name string
	// Path is the name in a diff. "" means Name.
	Path string
	Data []byte
	// read is the parsed Data, or nil if it has not been parsed yet.
	read *source
}

// Read parses the file once, so that many edits can start from it. If the file
// cannot be parsed, Read returns it unchanged, and Apply reports the error.
func (f File) Read() File {
	f.read, _ = f.source()
	return f
}

func (f File) source() (*source, error) {
	if f.read != nil {
		return f.read, nil
	}
	_, data := trimBOM(f.Data)
	return parse(f.Name, string(data))
}

// Apply makes edits in the files of one system. Both files and edits are
// applied in order: files in their merge order. It returns all files, including
// unchanged ones. An error is a *system.Error with the place that cannot be
// edited; then no file is changed.
func Apply(files []File, edits []decision.Edit) ([]File, error) {
	out := slices.Clone(files)
	for _, e := range edits {
		i, steps, err := locate(out, e)
		if err != nil {
			return nil, err
		}
		if out[i], err = applyOne(out[i], e.Op, steps, e.Value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// One makes one edit in one file. The file may hold any YAML mapping. steps is
// the path from the root: keys, and positions in lists. op and value are as in
// decision.Edit; value may also be a Map.
func One(f File, op string, steps []string, value any) ([]byte, error) {
	out, err := applyOne(f, op, steps, value)
	return out.Data, err
}

func applyOne(f File, op string, steps []string, value any) (File, error) {
	s, err := f.source()
	if err != nil {
		return File{}, err
	}
	j := &job{source: s, steps: steps, value: value}
	if value != nil {
		if j.tree, err = plainValue(value); err != nil {
			return File{}, s.refuse(nil, "/%s: %v", strings.Join(steps, "/"), err)
		}
	}
	switch op {
	case "set":
		err = j.set()
	case "append":
		err = j.append()
	case "remove":
		err = j.remove()
	default:
		err = s.refuse(nil, "unknown operation %q", op)
	}
	if err != nil {
		return File{}, err
	}
	after, err := j.verified()
	if err != nil {
		return File{}, err
	}
	mark, _ := trimBOM(f.Data)
	f.Data, f.read = []byte(mark+after.text), after
	return f, nil
}

// job is one edit of one file.
type job struct {
	*source
	steps []string
	value any
	// tree is value converted to a tree.
	tree any

	// want is the document that the edit must result in. In the texts at words,
	// only the words must match, not the blanks.
	want  any
	words []string
	// candidates are texts that may result in want, the best first.
	candidates []string
	// where is the node that is edited.
	where *yaml.Node
}

// offer adds a candidate.
func (j *job) offer(text string) { j.candidates = append(j.candidates, text) }

// verified returns the first candidate that results in the wanted document,
// parsed.
func (j *job) verified() (*source, error) {
	want := j.want
	if j.words != nil {
		want = ignoreBlanks(want, j.words)
	}
	reason, shared := "these lines cannot be changed without changing others", "other values depend on the same lines (an anchor, an alias or a merge key)"
	for _, text := range j.candidates {
		got, err := parse(j.name, text)
		if err != nil {
			if strings.Contains(err.Error(), "unknown anchor") { // the edit removed the anchor
				reason = shared
			}
			continue
		}
		tree := got.tree
		if j.words != nil {
			tree = ignoreBlanks(tree, j.words)
		}
		if equal(tree, want) {
			return got, nil
		}
		reason = shared
	}
	return nil, j.refuse(j.where, "/%s: %s", strings.Join(j.steps, "/"), reason)
}

// find follows the steps in the text of the file. It returns the last node that
// exists, its parent, and how many steps led to it.
func (j *job) find() (at *yaml.Node, parent *yaml.Node, done int, err error) {
	at = j.root
	for done < len(j.steps) {
		step := j.steps[done]
		switch at.Kind {
		case yaml.MappingNode:
			i := key(at, step)
			if i < 0 {
				return at, parent, done, nil
			}
			at, parent = at.Content[i+1], at
		case yaml.SequenceNode:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at.Content) {
				return nil, nil, 0, j.refuse(at, "/%s: the list has no element %s", strings.Join(j.steps, "/"), step)
			}
			at, parent = at.Content[i], at
		case yaml.AliasNode:
			return nil, nil, 0, j.refuse(at, "/%s is shared through the alias *%s", strings.Join(j.steps[:done], "/"), at.Value)
		default:
			if empty(at) {
				return at, parent, done, nil
			}
			return nil, nil, 0, j.refuse(at, "/%s is neither a mapping nor a list", strings.Join(j.steps[:done], "/"))
		}
		done++
	}
	return at, parent, done, nil
}

// nested wraps value in mappings for the steps that do not exist yet.
func nested(steps []string, value any) any {
	for _, step := range slices.Backward(steps) {
		value = Map{{step, value}}
	}
	return value
}

func (j *job) set() error {
	at, parent, done, err := j.find()
	if err != nil {
		return err
	}
	j.where = at
	j.want = change(j.source.tree, j.steps, func(any) any { return j.tree })
	value := nested(j.steps[done:], j.value)
	switch {
	case done < len(j.steps) && at.Kind == yaml.MappingNode:
		j.insert(at, j.steps[done], nested(j.steps[done+1:], j.value))
	case parent == nil:
		return j.refuse(nil, "the whole document cannot be set")
	default:
		j.replace(parent, at, value)
	}
	return nil
}

func (j *job) append() error {
	at, parent, done, err := j.find()
	if err != nil {
		return err
	}
	j.where = at
	words, isText := j.value.(string)
	switch {
	case done < len(j.steps) || empty(at):
		// The key does not exist yet: it becomes a text for cmdline, else a
		// list.
		if !isText || j.steps[len(j.steps)-1] != "cmdline" {
			j.value, j.tree = []any{j.value}, []any{j.tree}
		}
		if inherited := lookup(j.source.tree, j.steps...); inherited != nil && inherited != any(scalar{"!!null", ""}) {
			return j.refuse(at, "/%s comes from a merge key", strings.Join(j.steps, "/"))
		}
		return j.set()
	case at.Kind == yaml.SequenceNode:
		j.want = change(j.source.tree, j.steps, func(v any) any {
			list, _ := v.([]any)
			return append(slices.Clone(list), j.tree)
		})
		j.push(parent, at)
		return nil
	case at.Kind == yaml.ScalarNode && isText:
		j.want, j.words = change(j.source.tree, j.steps, func(v any) any { return scalar{"!!str", appendWords(v.(scalar).value, words)} }), j.steps
		j.addWords(at, words)
		return nil
	}
	return j.refusePart(at)
}

// refusePart returns the error for a change to a part of a value that is not a
// list or text.
func (j *job) refusePart(at *yaml.Node) error {
	if at.Kind == yaml.AliasNode {
		return j.refuse(at, "/%s is shared through the alias *%s", strings.Join(j.steps, "/"), at.Value)
	}
	return j.refuse(at, "/%s is neither a list nor a text", strings.Join(j.steps, "/"))
}

func (j *job) remove() error {
	at, parent, done, err := j.find()
	if err != nil {
		return err
	}
	j.where = at
	path := "/" + strings.Join(j.steps, "/")
	switch {
	case done < len(j.steps):
		if lookup(j.source.tree, j.steps...) != nil {
			return j.refuse(at, "%s comes from a merge key", path)
		}
		return j.refuse(at, "%s does not exist", path)
	case j.value == nil:
		return j.drop(parent, at)
	case at.Kind == yaml.SequenceNode:
		i := slices.IndexFunc(lookup(j.source.tree, j.steps...).([]any), func(v any) bool { return equal(v, j.tree) })
		if i < 0 {
			return j.refuse(at, "%s has no such element", path)
		}
		j.steps = append(slices.Clone(j.steps), strconv.Itoa(i))
		return j.drop(at, at.Content[i])
	case at.Kind == yaml.ScalarNode:
		word, ok := j.value.(string)
		text := lookup(j.source.tree, j.steps...).(scalar)
		if !ok || !slices.Contains(splitWords(text.value), word) {
			return j.refuse(at, "%s has no word %v", path, j.value)
		}
		j.want, j.words = change(j.source.tree, j.steps, func(v any) any { return scalar{"!!str", removeWord(text.value, word)} }), j.steps
		j.cutWord(at, word)
		return nil
	}
	return j.refusePart(at)
}

// drop removes a node from its parent. The parent stays, even if it is then
// empty.
func (j *job) drop(parent, at *yaml.Node) error {
	j.want = change(j.source.tree, j.steps, func(any) any { return nil })
	if parent == nil {
		return fmt.Errorf("the whole document cannot be removed")
	}
	if parent.Kind == yaml.SequenceNode {
		j.dropElement(parent, slices.Index(parent.Content, at))
		return nil
	}
	j.dropKey(parent, slices.Index(parent.Content, at)-1)
	return nil
}
