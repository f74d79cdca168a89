package files

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Limits for a PAM stack: its lines, and the depth of included files. libpam
// allows 32 levels.
const (
	maxStack    = 1000
	maxPAMDepth = 32
)

// pamRule is a line of a stack for authentication. end is the index after the
// stack that "done" and "die" leave.
type pamRule struct {
	control map[string]string
	module  string
	args    []string
	end     int
}

// openLogins lists the PAM services that accept users other than root without a
// secret.
func (s *Sink) openLogins() {
	texts := map[string]string{}
	for _, p := range slices.Sorted(maps.Keys(s.kept)) {
		if isPAM(p) {
			texts[p] = s.kept[p].String()
		}
	}
	read := func(dir, name string) (string, bool) {
		for _, d := range []string{dir, "/etc/pam.d", "/usr/lib/pam.d"} {
			if p := path.Join(d, name); texts[p] != "" {
				return texts[p], true
			}
		}
		return "", false
	}
	for _, p := range slices.Sorted(maps.Keys(texts)) {
		if isGreeter(path.Base(p)) {
			continue
		}
		stack := &pamStack{include: func(name string) (string, bool) { return read(path.Dir(p), name) }}
		stack.add(texts[p], 0)
		s.inv.Truncated = s.inv.Truncated || stack.truncated
		if stack.accepts() {
			s.strings(&s.inv.OpenLogins, p)
		}
	}
}

// isPAM reports whether p lies in a folder that PAM reads, with one file for
// each service.
func isPAM(p string) bool { return path.Base(path.Dir(p)) == "pam.d" }

// isGreeter: display managers use such a service for their own login screen.
func isGreeter(name string) bool {
	return strings.HasSuffix(name, "-greeter") || strings.HasSuffix(name, "-launch-environment")
}

type pamStack struct {
	rules     []pamRule
	include   func(name string) (string, bool)
	includes  int
	truncated bool
}

// add reads the lines for authentication from a file and its included files.
func (k *pamStack) add(text string, depth int) {
	text = strings.ReplaceAll(text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		kind, rest := word(line)
		kind = strings.TrimPrefix(strings.ToLower(kind), "-")
		switch {
		case kind == "@include":
			name, _ := word(rest)
			k.nested(name, depth)
		case kind != "auth":
		case len(k.rules) >= maxStack:
			k.truncated = true
			return
		default:
			control, rest := controlWord(rest)
			module, rest := word(rest)
			switch strings.ToLower(control) {
			case "include":
				k.nested(module, depth)
			case "substack":
				first := len(k.rules)
				k.nested(module, depth)
				for i := first; i < len(k.rules); i++ {
					if k.rules[i].end == 0 {
						k.rules[i].end = len(k.rules)
					}
				}
			default:
				name := strings.TrimSuffix(strings.TrimPrefix(path.Base(module), "pam_"), ".so")
				k.rules = append(k.rules, pamRule{control: pamControl(control), module: name, args: strings.Fields(rest)})
			}
		}
	}
}

func (k *pamStack) nested(name string, depth int) {
	if k.includes++; depth >= maxPAMDepth || k.includes > maxIncludes {
		k.truncated = true
		return
	}
	if text, ok := k.include(path.Base(name)); ok {
		k.add(text, depth+1)
	}
}

// word is the first word of a text, and the rest.
func word(text string) (first, rest string) {
	text = strings.TrimSpace(text)
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// controlWord is word, but brackets may contain several words.
func controlWord(text string) (first, rest string) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "[") {
		if first, rest, ok := strings.Cut(text, "]"); ok {
			return first + "]", rest
		}
	}
	return word(text)
}

// pamControl maps a module's answers to actions (pam.conf(5)).
func pamControl(text string) map[string]string {
	switch strings.ToLower(text) {
	case "required":
		return map[string]string{"success": "ok", "ignore": "ignore", "default": "bad"}
	case "requisite":
		return map[string]string{"success": "ok", "ignore": "ignore", "default": "die"}
	case "sufficient":
		return map[string]string{"success": "done", "default": "ignore"}
	case "optional":
		return map[string]string{"success": "ok", "default": "ignore"}
	}
	out := map[string]string{}
	for _, pair := range strings.Fields(strings.Trim(text, "[]")) {
		if answer, action, ok := strings.Cut(strings.ToLower(pair), "="); ok {
			out[answer] = action
		}
	}
	return out
}

// The answers of modules that matter here.
const (
	pamSuccess = "success"
	pamIgnore  = "ignore"
	pamFailure = "auth_err"
)

// pamAnswers are the answers of modules that ask for no secret. Any other
// module is taken to ask for one and to fail. So is rootok, for users other
// than root.
var pamAnswers = map[string][]string{
	"access": {pamSuccess, pamFailure}, "cap": {pamIgnore}, "echo": {pamIgnore}, "env": {pamIgnore}, "faildelay": {pamIgnore},
	"faillock": {pamSuccess}, "group": {pamIgnore}, "issue": {pamIgnore}, "keyinit": {pamIgnore}, "listfile": {pamSuccess, pamFailure},
	"localuser": {pamSuccess, pamFailure}, "loginuid": {pamIgnore}, "motd": {pamIgnore}, "nologin": {pamIgnore, pamSuccess},
	"permit": {pamSuccess}, "rhosts": {pamSuccess, pamFailure}, "securetty": {pamSuccess, pamIgnore}, "shells": {pamSuccess},
	"succeed_if": {pamSuccess, pamFailure}, "tally2": {pamSuccess}, "time": {pamSuccess}, "usertype": {pamSuccess, pamFailure}, "warn": {pamIgnore},
}

func (r pamRule) answers() []string {
	switch {
	case r.module == "faillock" && slices.Contains(r.args, "authfail"):
		return []string{pamFailure}
	case r.module == "wheel" && slices.Contains(r.args, "trust"):
		return []string{pamSuccess, pamFailure}
	case r.module == "wheel":
		return []string{pamIgnore, pamFailure}
	case r.module == "exec" && !slices.Contains(r.args, "expose_authtok"):
		return []string{pamSuccess, pamFailure}
	}
	if known := pamAnswers[r.module]; known != nil {
		return known
	}
	return []string{pamFailure}
}

// pamState is the state of the evaluation of a stack: no result yet, all
// required modules succeeded, or one of them failed.
type pamState int

const (
	pamUnset pamState = iota
	pamGood
	pamBad
)

// accepts follows all paths through the stack, as libpam does. Some answers
// depend on the user, or on where the login comes from.
func (k *pamStack) accepts() bool {
	at := make([]map[pamState]bool, len(k.rules)+1)
	for i := range at {
		at[i] = map[pamState]bool{}
	}
	at[0][pamUnset] = true
	for i, r := range k.rules {
		end := r.end
		if end == 0 {
			end = len(k.rules)
		}
		for state := range at[i] {
			for _, answer := range r.answers() {
				next, to := r.follow(answer, state, i, end)
				at[min(to, len(k.rules))][next] = true
			}
		}
	}
	return at[len(k.rules)][pamGood]
}

// follow returns the state after an answer, and the index of the next rule.
func (r pamRule) follow(answer string, state pamState, i, end int) (pamState, int) {
	action, ok := r.control[answer]
	if !ok {
		action, ok = r.control["default"]
	}
	if !ok {
		action = "bad"
	}
	good := state
	if state == pamUnset && answer == pamSuccess {
		good = pamGood
	} else if answer == pamFailure {
		good = pamBad
	}
	switch action {
	case "ignore":
		return state, i + 1
	case "ok":
		return good, i + 1
	case "done":
		if state == pamBad {
			return state, i + 1
		}
		return good, end
	case "die":
		return pamBad, end
	case "reset":
		return pamUnset, i + 1
	}
	if n, err := strconv.Atoi(action); err == nil && n > 0 {
		return good, i + 1 + min(n, maxStack)
	}
	return pamBad, i + 1
}
