package guest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Cmdline is the kernel's command line in words.
type Cmdline []CmdlineArg

// CmdlineArg is one word: KEY or KEY=VALUE.
type CmdlineArg struct {
	Key, Value string
	// HasValue: there is an equals sign.
	HasValue bool
}

// maxCmdline is more than any kernel takes (COMMAND_LINE_SIZE).
const maxCmdline = 64 << 10

// ParseCmdline splits a command line as the kernel does: words end at white
// space outside double quotes, quotes around a word or a value are not part
// of it, and what follows a word "--" is not for the kernel.
func ParseCmdline(text string) Cmdline {
	var out Cmdline
	if len(text) > maxCmdline {
		text = text[:maxCmdline]
	}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimLeft(text, " \t\n") {
		quoted := false
		end := strings.IndexFunc(text, func(r rune) bool {
			if r == '"' {
				quoted = !quoted
			}
			return !quoted && (r == ' ' || r == '\t' || r == '\n')
		})
		if end < 0 {
			end = len(text)
		}
		word := text[:end]
		text = text[end:]
		if word == "--" {
			break
		}
		key, value, has := strings.Cut(strings.TrimPrefix(word, `"`), "=")
		if has {
			value = strings.TrimPrefix(value, `"`)
			value = strings.TrimSuffix(value, `"`)
		} else {
			key = strings.TrimSuffix(key, `"`)
		}
		if key != "" {
			out = append(out, CmdlineArg{key, value, has})
		}
	}
	return out
}

// Get gives the last value of a key.
func (c Cmdline) Get(key string) (string, bool) {
	for i := len(c) - 1; i >= 0; i-- {
		if c[i].Key == key {
			return c[i].Value, true
		}
	}
	return "", false
}

// ModuleParams is what is passed to a module when it is loaded: "a=1 b" for
// module.a=1 module.b on the command line. The kernel itself does so only
// for what it has built in.
func (c Cmdline) ModuleParams(module string) string {
	var out []string
	for _, a := range c {
		mod, param, ok := strings.Cut(a.Key, ".")
		if !ok || canonical(mod) != module || param == "" {
			continue
		}
		if a.HasValue {
			v := a.Value
			if strings.ContainsAny(v, " \t") {
				v = `"` + v + `"`
			}
			param += "=" + v
		}
		out = append(out, param)
	}
	return strings.Join(out, " ")
}

// BlockedModules are those of modprobe.blacklist and module_blacklist.
func (c Cmdline) BlockedModules() map[string]bool {
	out := map[string]bool{}
	for _, a := range c {
		if a.Key == "modprobe.blacklist" || a.Key == "module_blacklist" {
			for m := range strings.SplitSeq(a.Value, ",") {
				out[canonical(m)] = true
			}
		}
	}
	return out
}

// graceDefault is how long services have to stop, before they are killed.
const graceDefault = 10 * time.Second

// Grace is seaworthy.grace=SECONDS (at most an hour), or the default.
func (c Cmdline) Grace() (time.Duration, error) {
	v, ok := c.Get("seaworthy.grace")
	if !ok {
		return graceDefault, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 3600 {
		return graceDefault, fmt.Errorf("seaworthy.grace=%q: not 0 to 3600 seconds", v)
	}
	return time.Duration(n) * time.Second, nil
}
