package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// Pointer returns a path as a JSON pointer.
func Pointer(path []string) string {
	var b strings.Builder
	for _, p := range path {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p))
	}
	return b.String()
}

// PositionOf returns the position of a value in a JSON file that was decoded before.
// If the value is missing, it is the position of the last value on the path.
func PositionOf(f File, path []string) system.Position {
	dec := json.NewDecoder(bytes.NewReader(f.Content))
	pos := system.Position{File: f.Name, Line: 1, Column: 1}
	for _, want := range path {
		open, err := dec.Token()
		if err != nil || open != json.Delim('{') && open != json.Delim('[') {
			return pos
		}
		found := false
		for i := 0; !found && dec.More(); i++ {
			key := fmt.Sprint(i)
			if open == json.Delim('{') {
				t, err := dec.Token()
				if err != nil {
					return pos
				}
				key = fmt.Sprint(t)
			}
			if found = key == want; !found {
				var skip json.RawMessage
				if dec.Decode(&skip) != nil {
					return pos
				}
			}
		}
		if !found {
			return pos
		}
		pos = valuePos(f, dec)
	}
	return pos
}

// valuePos returns the position at which the next value of a decoder begins.
func valuePos(f File, dec *json.Decoder) system.Position {
	at := int(dec.InputOffset())
	at += len(f.Content[at:]) - len(bytes.TrimLeft(f.Content[at:], " \t\r\n:,"))
	return system.PositionOf(f.Name, f.Content, int64(at))
}

func offsetPos(f File, err error) system.Position {
	pos := system.Position{File: f.Name}
	if place := (*strictjson.Error)(nil); errors.As(err, &place) {
		return system.PositionOf(f.Name, f.Content, place.Offset)
	}
	var syn *json.SyntaxError
	if errors.As(err, &syn) {
		return system.PositionOf(f.Name, f.Content, syn.Offset-1)
	}
	return pos
}
