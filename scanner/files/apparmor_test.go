package files

import (
	"slices"
	"testing"
)

func TestAppArmor(t *testing.T) {
	t.Parallel()
	profile := func(name string) string { return "\x04\x08\x00profile\x00\x07\x05" + name }
	const version = "\x04\x08\x00version\x00\x02\x05\x00\x00\x00"
	for text, want := range map[string][]string{
		"":                      nil,
		"text of a profile web": nil,
		version + profile("\x04\x00web\x00") + "\x04\x06\x00flags\x00\x07":                 {"web"},
		version + profile("\x02\x00a\x00") + "xyz" + version + profile("\x05\x00b//c\x00"): {"a", "b//c"},
		profile("\x04\x00webx"):       nil, // no end of the text
		profile("\xff\xffweb\x00"):    nil, // longer than the file
		profile("\x00\x00"):           nil, // empty
		profile("\x04\x00w\nb\x00"):   nil, // a control character
		profile("\x04"):               nil, // cut off
		profile("\x04\x00w\xffb\x00"): nil, // not text
	} {
		if got := AppArmor("/usr/lib/seaworthy/apparmor/any", []byte(text)); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, p := range []string{"/usr/lib/seaworthy/web", "/usr/lib/seaworthy/apparmor/a/web", "/etc/apparmor.d/web"} {
		if got := AppArmor(p, []byte(profile("\x04\x00web\x00"))); got != nil {
			t.Errorf("%s: %q", p, got)
		}
	}
}
