package statement

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Decode reads data into v as encoding/json does, but refuses data that two
// readers could understand differently: duplicate members in an object (letter
// case and escapes do not distinguish names), text after the value, nesting
// deeper than MaxDepth, and more than MaxMembers members. It ignores members
// that v does not have, as in-toto requires. A seal has no such members: see
// DecodeExact and DecodeKnown.
func Decode(data []byte, v any) error { return decode(scanner{data: data, most: MaxMembers}, v) }

// decode is Decode with the limits of the scanner.
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

// decodeTop is Decode for a statement. It does not check the predicate's
// members, so that a bill of materials of many megabytes is read once.
func decodeTop(data []byte, v any) error {
	return decode(scanner{data: data, most: MaxMembers, opaque: "predicate"}, v)
}

// CheckDocument requires that data is a document of the predicate type, in the
// version that our builds write, without duplicate members.
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
		return fmt.Errorf("spdxVersion %q, bomFormat %q, specVersion %q: this is not a document of type %s", d.SPDX, d.Format, d.Version, predicateType)
	}
	return nil
}

// invalid is encoding/json's error for data that is not JSON.
func invalid(data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	return errors.New("the data is not JSON")
}

// scanner walks valid JSON.
type scanner struct {
	data []byte
	pos  int
	// members is the number of members so far, most the limit.
	members, most int
	// opaque names the member of the outermost object whose value is skipped.
	opaque string
}

// space skips white space and returns the byte after it.
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

// value walks one value. level is its depth, from 1.
func (s *scanner) value(level, limit int) error {
	switch s.space() {
	case '{':
		if level > limit {
			return fmt.Errorf("the JSON is nested deeper than %d levels", limit)
		}
		return s.object(level, limit)
	case '[':
		if level > limit {
			return fmt.Errorf("the JSON is nested deeper than %d levels", limit)
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
			return fmt.Errorf("the JSON has more than %d members", s.most)
		}
		folded := fold(key)
		if seen[folded] {
			return fmt.Errorf("duplicate member %q", key)
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

// skip skips one value and does not check its members.
func (s *scanner) skip(limit int) error {
	depth := 0
	for {
		switch s.space() {
		case '{', '[':
			if depth++; depth > limit {
				return fmt.Errorf("the JSON is nested deeper than %d levels", limit)
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

// string skips a string and returns it with its quotes.
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

// literal skips a number, true, false or null.
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

// fold returns one form for all names that encoding/json takes for the same
// member. encoding/json uses simple case folding, in which the long s equals
// the letter s.
func fold(k string) string {
	return strings.ReplaceAll(strings.ToLower(k), "\u017f", "s")
}
