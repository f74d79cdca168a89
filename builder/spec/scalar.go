package spec

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// scalar fills a string, a number or a boolean.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value) {
	want := kindName(v.Type())
	if n.Kind != yaml.ScalarNode {
		d.errorf(n, "", "expected %s, found %s", want, describe(n))
		return
	}
	switch tag := n.ShortTag(); v.Kind() {
	case reflect.String:
		// A date is text here: YAML has a type for dates, but os.yml does not.
		if tag != "!!str" && tag != "!!timestamp" {
			d.errorf(n, "put the value in quotes: \""+n.Value+"\"", "expected text, found %s", describe(n))
			return
		}
		if !utf8.ValidString(n.Value) || strings.ContainsRune(n.Value, 0) {
			d.errorf(n, "", "the text contains a NUL byte or is not valid UTF-8")
			return
		}
		v.SetString(n.Value)
	case reflect.Bool:
		if tag != "!!bool" {
			d.errorf(n, "write true or false", "expected true or false, found %s", describe(n))
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		i, err := strconv.ParseInt(plainInt(n.Value), 0, v.Type().Bits())
		if tag != "!!int" || err != nil {
			d.errorf(n, "", "expected %s, found %s", want, describe(n))
			return
		}
		v.SetInt(i)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		i, err := strconv.ParseUint(plainInt(n.Value), 0, v.Type().Bits())
		if tag != "!!int" || err != nil {
			d.errorf(n, "", "expected %s, found %s", want, describe(n))
			return
		}
		v.SetUint(i)
	default:
		panic("spec: no way to read a " + v.Type().String())
	}
}

// plainInt converts a YAML integer to the form that strconv reads.
func plainInt(s string) string {
	return strings.TrimPrefix(strings.ReplaceAll(s, "_", ""), "+")
}

// describe returns the kind of a node and its value for messages. It shortens
// long values.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	value := n.Value
	if len(value) > 40 {
		value = strings.ToValidUTF8(value[:40], "") + "…"
	}
	switch n.ShortTag() {
	case "!!null":
		return "an empty value"
	case "!!int", "!!float":
		return "the number " + value
	case "!!bool":
		return "the truth value " + value
	case "!!str", "!!timestamp":
		return fmt.Sprintf("the text %q", value)
	}
	return fmt.Sprintf("%s %q", n.ShortTag(), value)
}

// kindName returns, for messages, which values a type accepts.
func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a mapping"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uint:
		return fmt.Sprintf("a whole number from 0 to %d", uint64(1)<<t.Bits()-1)
	}
	return "a whole number"
}
