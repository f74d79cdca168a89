package sbom

import (
	"bytes"
	"slices"
	"strings"

	"github.com/anchore/syft/bridge"
)

// licenseText recognises a licence: the text contains all phrases, in this
// order, and none of the excluded phrases. Phrases are in lower case with
// single spaces, as normalize returns them.
type licenseText struct {
	id      string
	phrases []string
	not     []string
}

// licenseTexts are the licences of most software that states its licence only
// as a text. Most packages have metadata with the name of the licence, which
// syft reads. An unknown text has no result: there are no guesses.
var licenseTexts = []licenseText{
	{id: "MIT", phrases: []string{
		"permission is hereby granted, free of charge, to any person obtaining a copy",
		"without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense",
		"shall be included in all copies or substantial portions",
	}},
	{id: "X11", phrases: []string{
		"permission is hereby granted, free of charge, to any person obtaining a copy",
		"the software is provided \"as is\"", "shall not be used in advertising",
	}},
	{id: "ISC", phrases: []string{
		"permission to use, copy, modify, and", "distribute this software for any purpose with or without fee is hereby granted",
		"the software is provided \"as is\"",
	}},
	{id: "HPND", phrases: []string{
		"permission to use, copy, modify, and", "appear in all copies and that both that copyright notice and this permission notice appear in supporting documentation",
	}},
	{id: "BSD-2-Clause", phrases: []string{
		"redistribution and use in source and binary forms, with or without modification, are permitted",
		"redistributions in binary form must reproduce", "as is\"",
	}, not: []string{"neither the name", "may not be used to endorse", "advertising materials mentioning"}},
	{id: "BSD-3-Clause", phrases: []string{
		"redistribution and use in source and binary forms, with or without modification, are permitted",
		"redistributions in binary form must reproduce", "endorse or promote products", "as is\"",
	}, not: []string{"advertising materials mentioning"}},
	{id: "BSD-4-Clause", phrases: []string{
		"redistribution and use in source and binary forms, with or without modification, are permitted",
		"advertising materials mentioning", "as is\"",
	}},
	{id: "Zlib", phrases: []string{
		"'as-is', without any express or implied warranty", "the origin of this software must not be misrepresented",
		"may not be removed or altered from any source distribution",
	}},
	{id: "Apache-2.0", phrases: []string{"licensed under the apache license, version 2.0"}},
	{id: "Apache-2.0", phrases: []string{"apache license version 2.0, january 2004"}},
	{id: "MPL-2.0", phrases: []string{"subject to the terms of the mozilla public license, v. 2.0"}},
	{id: "MPL-2.0", phrases: []string{"mozilla public license version 2.0", "1. definitions"}},
	{id: "BSL-1.0", phrases: []string{"boost software license - version 1.0"}},
	{id: "Unlicense", phrases: []string{"this is free and unencumbered software released into the public domain"}},
	{id: "CC0-1.0", phrases: []string{"cc0 1.0 universal", "waive"}},
	{id: "PSF-2.0", phrases: []string{"python software foundation license version 2"}},
	{id: "OpenSSL", phrases: []string{"this product includes software developed by the openssl project", "openssl toolkit"}},
	{id: "GPL-2.0-or-later", phrases: []string{
		"under the terms of the gnu general public license", "version 2", "or (at your option) any later version"}},
	{id: "GPL-3.0-or-later", phrases: []string{
		"under the terms of the gnu general public license", "version 3", "or (at your option) any later version"}},
	{id: "LGPL-2.1-or-later", phrases: []string{
		"under the terms of the gnu lesser general public license", "version 2.1", "or (at your option) any later version"}},
	{id: "LGPL-2.0-or-later", phrases: []string{
		"under the terms of the gnu library general public license", "version 2", "or (at your option) any later version"}},
	{id: "LGPL-3.0-or-later", phrases: []string{
		"under the terms of the gnu lesser general public license", "version 3", "or (at your option) any later version"}},
	{id: "AGPL-3.0-or-later", phrases: []string{
		"under the terms of the gnu affero general public license", "version 3", "or (at your option) any later version"}},
	{id: "GPL-2.0-only", phrases: []string{"gnu general public license version 2, june 1991"}},
	{id: "GPL-3.0-only", phrases: []string{"gnu general public license version 3, 29 june 2007"}, not: []string{"lesser general public license version 3", "affero general public license version 3"}},
	{id: "LGPL-2.1-only", phrases: []string{"gnu lesser general public license version 2.1, february 1999"}},
	{id: "LGPL-3.0-only", phrases: []string{"gnu lesser general public license version 3, 29 june 2007"}},
	{id: "AGPL-3.0-only", phrases: []string{"gnu affero general public license version 3, 19 november 2007"}},
}

// maxDistance is the largest distance between the phrases of one statement: a file
// can contain the statements of many authors.
const maxDistance = 3000

// classify returns the licences that a text contains.
func classify(text []byte) []bridge.License {
	t := normalize(text)
	var out []bridge.License
	for _, l := range licenseTexts {
		if l.in(t) && !slices.ContainsFunc(out, func(b bridge.License) bool { return b.ID == l.id }) {
			out = append(out, bridge.License{ID: l.id, End: len(text)})
		}
	}
	return out
}

func (l *licenseText) in(t string) bool {
	for from := 0; ; {
		start := strings.Index(t[from:], l.phrases[0])
		if start < 0 {
			return false
		}
		start += from
		near := t[start:min(len(t), start+maxDistance)]
		rest, ok := near, true
		for _, p := range l.phrases {
			var found bool
			if _, rest, found = strings.Cut(rest, p); !found {
				ok = false
				break
			}
		}
		if ok && !slices.ContainsFunc(l.not, func(p string) bool { return strings.Contains(near, p) }) {
			return true
		}
		from = start + len(l.phrases[0])
	}
}

// normalize converts to lower case, drops comment signs, and leaves one space
// between words.
func normalize(text []byte) string {
	text = bytes.ToLower(text)
	text = bytes.Map(func(r rune) rune {
		switch r {
		case '*', '#', ';', '>', '|':
			return ' '
		case '‘', '’', '`':
			return '\''
		case '“', '”':
			return '"'
		}
		return r
	}, text)
	t := strings.Join(strings.Fields(string(text)), " ")
	t = strings.ReplaceAll(t, "''", "\"")
	return strings.ReplaceAll(t, " . ", " ") // Debian's empty lines
}
