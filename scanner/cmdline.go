package scanner

import "github.com/seaworthy-os/seaworthy/scanner/facts"

// Cmdline splits a kernel command line as the kernel does (next_arg in
// lib/cmdline.c). Spaces separate words, except inside double quotes. Quotes
// around a word or a value are removed. Words after "--" go to init and not to
// the kernel. They are left out, because a parameter there has no effect.
// Indexes count from 0.
func Cmdline(raw string) []facts.Param {
	out := []facts.Param{}
	for _, w := range splitLine(raw) {
		out = append(out, w.Param)
	}
	return out
}

// lineWord is a word of a command line, with the offset of its first byte.
type lineWord struct {
	facts.Param
	at int
}

func splitLine(raw string) []lineWord {
	var out []lineWord
	for i := 0; ; {
		for i < len(raw) && space(raw[i]) {
			i++
		}
		if i >= len(raw) {
			return out
		}
		start, quoted, inQuote := i, false, false
		if raw[i] == '"' {
			start, quoted, inQuote = i+1, true, true
			i++
		}
		equals := -1
		for ; i < len(raw) && (inQuote || !space(raw[i])); i++ {
			switch {
			case raw[i] == '=' && equals < 0 && i > start:
				equals = i
			case raw[i] == '"':
				inQuote = !inQuote
			}
		}
		p := param(raw[start:i], equals-start, quoted)
		p.Index = len(out)
		if p.Name == "" && p.Value == nil {
			continue
		}
		out = append(out, lineWord{p, start})
		if p.Name == "--" && p.Value == nil {
			return out
		}
	}
}

// param splits one word. equals is the offset of its "=", negative if there is
// none.
func param(word string, equals int, quoted bool) facts.Param {
	end := len(word)
	if equals < 0 {
		if quoted && end > 0 && word[end-1] == '"' {
			end--
		}
		return facts.Param{Name: word[:end]}
	}
	name, value := word[:equals], word[equals+1:]
	switch n := len(value); {
	case n > 0 && value[0] == '"':
		value = value[1:]
		if n > 1 && value[n-2] == '"' {
			value = value[:n-2]
		}
	case quoted && n > 0 && value[n-1] == '"':
		value = value[:n-1]
	}
	return facts.Param{Name: name, Value: &value}
}

// space is the kernel's isspace.
func space(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0 }
