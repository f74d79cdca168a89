package statement

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Decode reads data into v as encoding/json does, but refuses what two readers
// could understand differently: members of one name (letter case and escapes
// aside) twice in an object, anything after the value, nesting deeper than
// MaxDepth, and more than MaxMembers members. Members that v does not know are
// ignored, as in-toto asks; a seal has none: see DecodeExact and DecodeKnown.
func Decode(data []byte, v any) error { return decode(scanner{data: data, most: MaxMembers}, v) }

// decode is Decode, as the scanner says.
func decode(s scanner, v any) error {
	data := s.data
	if !json.Valid(data) {
		return invalid(data)
	}
	if err := s.value(1, MaxDepth); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// decodeTop is Decode for a statement: the predicate's members are not looked
// at, so that a bill of materials of many megabytes costs one pass.
func decodeTop(data []byte, v any) error {
	return decode(scanner{data: data, most: MaxMembers, opaque: "predicate"}, v)
}

// CheckDocument wants data to be a document of the kind that a predicate type
// names, in a version that is written, and to have no member twice.
func CheckDocument(predicateType string, data []byte) error {
	var d struct {
		SPDX    string `json:"spdxVersion"`
		Format  string `json:"bomFormat"`
		Version string `json:"specVersion"`
	}
	// A bill of materials may be as large as a bundle.
	if err := decode(scanner{data: data, most: MaxBundle}, &d); err != nil {
		return err
	}
	switch {
	case predicateType == SPDX && d.SPDX == "SPDX-2.3" && d.Format == "":
	case predicateType == CycloneDX && d.Format == "CycloneDX" && d.Version == "1.6" && d.SPDX == "":
	default:
		return fmt.Errorf("spdxVersion %q, bomFormat %q, specVersion %q: it is no document of type %s", d.SPDX, d.Format, d.Version, predicateType)
	}
	return nil
}

// invalid is encoding/json's own word on data that is not JSON.
func invalid(data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	return errors.New("not JSON")
}

// scanner walks JSON that is known to be valid.
type scanner struct {
	data []byte
	pos  int
	// members so far, and how many there may be at most.
	members, most int
	// opaque names the member of the outermost object whose value is skipped.
	opaque string
}

// space skips white space and gives the byte that follows.
func (s *scanner) space() byte {
	for {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
}

// value walks one value; level is its depth, from 1.
func (s *scanner) value(level, limit int) error {
	switch s.space() {
	case '{':
		if level > limit {
			return fmt.Errorf("nested deeper than %d", limit)
		}
		return s.object(level, limit)
	case '[':
		if level > limit {
			return fmt.Errorf("nested deeper than %d", limit)
		}
		return s.array(level, limit)
	case '"':
		s.string()
	default:
		s.literal()
	}
	return nil
}

func (s *scanner) object(level, limit int) error {
	s.pos++ // {
	seen := map[string]bool{}
	for s.space() != '}' {
		if s.data[s.pos] == ',' {
			s.pos++
			s.space()
		}
		key, err := key(s.string())
		if err != nil {
			return err
		}
		if s.members++; s.members > s.most {
			return fmt.Errorf("more than %d members", s.most)
		}
		folded := fold(key)
		if seen[folded] {
			return fmt.Errorf("member %q is there twice", key)
		}
		seen[folded] = true
		s.space()
		s.pos++ // :
		if level == 1 && s.opaque != "" && key == s.opaque {
			if err := s.skip(limit); err != nil {
				return err
			}
			continue
		}
		if err := s.value(level+1, limit); err != nil {
			return err
		}
	}
	s.pos++ // }
	return nil
}

func (s *scanner) array(level, limit int) error {
	s.pos++ // [
	for s.space() != ']' {
		if s.data[s.pos] == ',' {
			s.pos++
		}
		if err := s.value(level+1, limit); err != nil {
			return err
		}
	}
	s.pos++ // ]
	return nil
}

// skip passes one value without looking at its members.
func (s *scanner) skip(limit int) error {
	depth := 0
	for {
		switch s.space() {
		case '{', '[':
			if depth++; depth > limit {
				return fmt.Errorf("nested deeper than %d", limit)
			}
			s.pos++
		case '}', ']':
			depth--
			s.pos++
		case ',', ':':
			s.pos++
		case '"':
			s.string()
		default:
			s.literal()
		}
		if depth == 0 {
			return nil
		}
	}
}

// string passes a string and gives it with its quotes.
func (s *scanner) string() []byte {
	start := s.pos
	for s.pos++; s.data[s.pos] != '"'; s.pos++ {
		if s.data[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
	return s.data[start:s.pos]
}

// literal passes a number, true, false or null.
func (s *scanner) literal() {
	for s.pos < len(s.data) && !strings.ContainsRune(" \t\r\n,]}", rune(s.data[s.pos])) {
		s.pos++
	}
}

// key is a member's name without quotes and escapes.
func key(quoted []byte) (string, error) {
	var k string
	if err := json.Unmarshal(quoted, &k); err != nil {
		return "", err
	}
	return k, nil
}

// fold gives names that encoding/json takes for the same member one form: it
// compares by simple case folding, in which the long s is a letter of ASCII.
func fold(k string) string {
	return strings.ReplaceAll(strings.ToLower(k), "\u017f", "s")
}
