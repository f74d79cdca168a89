package kbuild

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// Config is a part of a configuration. Name is its file, for messages.
type Config struct {
	Name string
	Data []byte
}

// line is one option of a part; Value is "n" for an option that is off.
type line struct {
	option, value string
	pos           system.Position
}

var (
	setRE   = lazyre.New(`^(CONFIG_[A-Za-z0-9_]+)=(y|n|-?[0-9]+|0x[0-9a-fA-F]+|"[^"\\]*")$`)
	unsetRE = lazyre.New(`^# (CONFIG_[A-Za-z0-9_]+) is not set$`)
)

// parse reads a part. A line that is neither an option nor a comment is an error: Kconfig
// would ignore it.
func (c Config) parse() ([]line, error) {
	var out []line
	var errs []error
	seen := map[string]int{}
	for i, text := range strings.Split(string(c.Data), "\n") {
		l := line{pos: system.Position{File: c.Name, Line: i + 1, Column: 1}}
		if m := setRE.FindStringSubmatch(text); m != nil {
			l.option, l.value = m[1], m[2]
		} else if m := unsetRE.FindStringSubmatch(text); m != nil {
			l.option, l.value = m[1], "n"
		} else {
			if text != "" && !strings.HasPrefix(text, "#") {
				errs = append(errs, system.BadInput("%q is not an option of a kernel that is built without modules", text).At(l.pos).
					Suggest("write CONFIG_NAME=y, CONFIG_NAME=n, or a number or a quoted text as the value"))
			}
			continue
		}
		if at, twice := seen[l.option]; twice {
			errs = append(errs, system.BadInput("%s is also in line %d", l.option, at).At(l.pos).Suggest("remove one of the lines"))
			continue
		}
		seen[l.option] = i + 1
		out = append(out, l)
	}
	return out, errors.Join(errs...)
}

// parts are the parsed base and policy.
type parts struct{ base, policy []line }

// merge parses several files. A line replaces that of an earlier file for the same option.
func merge(files []Config) ([]line, error) {
	var out []line
	var errs []error
	at := map[string]int{}
	for _, c := range files {
		list, err := c.parse()
		errs = append(errs, err)
		for _, l := range list {
			if i, ok := at[l.option]; ok {
				out[i] = l
				continue
			}
			at[l.option] = len(out)
			out = append(out, l)
		}
	}
	return out, errors.Join(errs...)
}

// join parses both parts, and reports the options of the base that contradict the policy.
func join(base []Config, policy Config) (*parts, error) {
	b, err1 := merge(base)
	p, err2 := policy.parse()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	asked := map[string]line{}
	for _, l := range p {
		asked[l.option] = l
	}
	var errs []error
	for _, l := range b {
		if other, ok := asked[l.option]; ok && other.value != l.value {
			errs = append(errs, system.BadInput("%s=%s contradicts the policy: %s:%d has %s", l.option, l.value, other.pos.File, other.pos.Line, other.value).
				At(l.pos).Suggest("remove the line"))
		}
	}
	return &parts{b, p}, errors.Join(errs...)
}

// text is the input of Kconfig.
func (p *parts) text() []byte { return append(text(p.base), text(p.policy)...) }

// text is a part, sorted by option.
func text(list []line) []byte {
	var b bytes.Buffer
	for _, l := range slices.SortedFunc(slices.Values(list), func(a, b line) int { return strings.Compare(a.option, b.option) }) {
		fmt.Fprintf(&b, "%s=%s\n", l.option, l.value)
	}
	return b.Bytes()
}

// check compares the parts with what Kconfig made of them. Each line of the base must
// hold. A line of the policy may be missing, but its option must not have another value.
// dropped are the options of the policy that are missing.
func (p *parts) check(result []byte) (dropped []string, err error) {
	got := map[string]string{}
	for text := range strings.SplitSeq(string(result), "\n") {
		if m := setRE.FindStringSubmatch(text); m != nil {
			got[m[1]] = m[2]
		} else if m := unsetRE.FindStringSubmatch(text); m != nil {
			got[m[1]] = "n"
		}
	}
	var errs []error
	for _, l := range p.base {
		value, ok := got[l.option]
		if value != l.value && (ok || l.value != "n") {
			if !ok {
				value = "not set"
			}
			errs = append(errs, system.BadInput("Kconfig does not keep %s=%s: the result is %s", l.option, l.value, value).At(l.pos).
				Suggest("add the options that it depends on, or remove the line"))
		}
	}
	for _, l := range p.policy {
		switch value, ok := got[l.option]; {
		case ok && value != l.value && value == "n":
			errs = append(errs, system.BadInput("Kconfig does not keep %s=%s of the policy", l.option, l.value).At(l.pos))
		case ok && value != l.value:
			errs = append(errs, system.BadInput("Kconfig does not keep %s=%s of the policy: the result is %s", l.option, l.value, value).At(l.pos).
				Suggest("remove the option that selects it from the base"))
		case !ok && l.value != "n":
			dropped = append(dropped, l.option)
		}
	}
	return dropped, errors.Join(errs...)
}
