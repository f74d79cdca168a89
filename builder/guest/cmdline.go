package guest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Cmdline holds the words of the kernel's command line.
type Cmdline []CmdlineArg

// CmdlineArg is one word: KEY or KEY=VALUE.
type CmdlineArg struct {
	Key, Value string
	// HasValue: the word has an equals sign.
	HasValue bool
}

// maxCmdline is more than any kernel accepts (COMMAND_LINE_SIZE).
const maxCmdline = 64 << 10

// ParseCmdline splits a command line as the kernel does. Words end at white
// space outside double quotes. Quotes around a word or a value are removed.
// Words after "--" are not for the kernel and are left out.
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

// Get returns the last value of a key, and whether the key exists.
func (c Cmdline) Get(key string) (string, bool) {
	for i := len(c) - 1; i >= 0; i-- {
		if c[i].Key == key {
			return c[i].Value, true
		}
	}
	return "", false
}

// ModuleParams returns the parameters for a module that is loaded: "a=1 b" for
// module.a=1 module.b on the command line. The kernel itself uses them only for
// built-in modules.
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

// BlockedModules returns the modules in modprobe.blacklist and
// module_blacklist.
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

// graceDefault is the time that services have to stop before they are killed.
const graceDefault = 10 * time.Second

// Grace returns the value of seaworthy.grace=SECONDS (at most one hour), or the
// default.
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
