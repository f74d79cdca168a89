package facts

import "testing"

func TestSecretive(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"join_token": true, "ROOT_PASSWORD": true, "passwd": true, "api-key": true, "apikey": true, "rd.luks.key": true, "key": true,
		"credential": true, "client.secret": true,
		"keyboard": false, "monkey": false, "console": false, "author": false, "module.sig_enforce": false,
	} {
		if got := Secretive(name); got != want {
			t.Errorf("Secretive(%q) is %v", name, got)
		}
	}
	for text, want := range map[string]bool{
		"cmdline: quiet token=abc": true, `  DB_PASSWORD: "x"`: true, "- API_KEY=x": true, "key: x": true, "--password hunter2": true, `["--token", "abc"]`: true, "--token --quiet": false, `"secretKey" : x`: true,
		"path: etc/ssh/authorized_keys": false, "token=": false, "- keyboard=de": false, "image: test/token-server:1": true, "readonly: true": false,
	} {
		if got := RevealsSecret(text); got != want {
			t.Errorf("RevealsSecret(%q) is %v", text, got)
		}
	}
}
