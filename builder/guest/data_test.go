package guest

import "testing"

func TestDataVolume(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"quiet": "", "seaworthy.data=store": "store", "seaworthy.data=a seaworthy.data=b": "b"} {
		if got, err := ParseCmdline(text).DataVolume(); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"seaworthy.data", "seaworthy.data=", "seaworthy.data=../x"} {
		if _, err := ParseCmdline(text).DataVolume(); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}
