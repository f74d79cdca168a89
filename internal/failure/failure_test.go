package failure

import (
	"errors"
	"io"
	"testing"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	e := Unusable("image %q", "a").At(Position{File: "os.yml", Line: 2, Column: 3}).Because(io.EOF).Suggest("use %s", "b")
	if got, want := e.Error(), `os.yml:2:3: image "a": EOF`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if e.Next != "use b" || !errors.Is(e, ErrUnusable) || !errors.Is(e, io.EOF) || errors.Is(e, ErrInput) {
		t.Errorf("%#v", e)
	}
	in := Within("os.yml", e)
	if got, want := in.Error(), `os.yml:2:3: os.yml: image "a": EOF`; got != want || !errors.Is(in, ErrUnusable) {
		t.Errorf("%q, want %q", got, want)
	}
	if e.What != `image "a"` || Within("os.yml", io.EOF) != io.EOF || Within("os.yml", nil) != nil { //nolint:errorlint // the same error
		t.Errorf("%#v", e)
	}
	for kind, e := range map[error]*Error{ErrInput: BadInput("100%%"), ErrMismatch: Mismatch("100%%").Because(nil)} {
		if !errors.Is(e, kind) || e.Error() != "100%" {
			t.Errorf("%#v is not %v", e, kind)
		}
	}
}
