package files

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
)

// Private keys have many forms.
func TestDetectKeys(t *testing.T) {
	t.Parallel()
	ssh2 := "---- BEGIN SSH2 ENCRYPTED " + "PRIVATE KEY ----\nComment: \"x\"\n" + body
	putty := "PuTTY-User-" + "Key-File-3: ssh-ed25519\nEncryption: none\nComment: x\n"
	wireguard, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wg := base64.StdEncoding.EncodeToString(wireguard.Bytes())
	wrapped := ""
	for b := base64.StdEncoding.EncodeToString([]byte(strings.Replace(pem, "BEGIN ", "BEGIN RSA ", 1))); b != ""; b = b[min(76, len(b)):] {
		wrapped += b[:min(76, len(b))] + "\n"
	}
	for name, c := range map[string]struct{ text, want string }{
		"of another kind":            {strings.Replace(pem, "BEGIN ", "BEGIN ED25519 ", 1), "private key"},
		"in the text of a program":   {`k = "-----BEGIN EC ` + `PRIVATE KEY-----\n" +` + "\n \"" + body, "private key"},
		"of ssh.com":                 {ssh2, "private key"},
		"of PuTTY":                   {putty, "private key"},
		"of WireGuard":               {"[Interface]\nPrivateKey = " + wg + "\n", "WireGuard key"},
		"of WireGuard, public":       {"[Peer]\nPublicKey = " + wg + "\n", ""},
		"in base64":                  {"client-key-data: " + base64.StdEncoding.EncodeToString([]byte(pem)), "private key"},
		"in base64, with lines":      {"x\n" + wrapped, "private key"},
		"a certificate in base64":    {base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(pem, "PRIVATE KEY", "CERTIFICATE"))), ""},
		"only the beginning":         {"LS0tLS1CRUdJTi", ""},
		"of age, against tomorrow":   {"AGE-SECRET-" + "KEY-PQ-1" + strings.Repeat("Q", 58), "age secret key"},
		"in base64, one byte on":     {base64.StdEncoding.EncodeToString([]byte("\n" + pem)), "private key"},
		"in base64, two bytes on":    {base64.StdEncoding.EncodeToString([]byte("\n\n" + pem)), "private key"},
		"without its first line":     {"key=" + strings.ReplaceAll(body, "\n", ""), "private key"},
		"in lines of eight":          {"-----BEGIN " + "PRIVATE KEY-----\n" + strings.Repeat("QUJDREVG\n", 8), "private key"},
		"in two bytes a character":   {"\xff\xfe" + strings.Join(strings.Split(pem, ""), "\x00") + "\x00", "private key"},
		"of OpenVPN":                 {"#\n-----BEGIN OpenVPN " + "Static key V1-----\n" + strings.Repeat("0a", 16) + "\n", "OpenVPN key"},
		"of minisign":                {"untrusted comment: minisign encrypted secret key\nRW" + strings.Repeat("R", 70) + "\n", "private key"},
		"of minisign, public":        {"untrusted comment: minisign public key\nRW" + strings.Repeat("R", 54) + "\n", ""},
		"of GnuPG":                   {"Created: 20260101T000000\nKey: (protected-" + "private-key (rsa (n #00A1B2C3D4E5F6#\n", "private key"},
		"in GnuPG's program":         {"\x7fELF\x00(private-key(rsa(n%m)(e%m)(d%m)))", ""},
		"only the words, in a list":  {"PrivateKey = none\nPuTTY-User-Key-File-3: x", ""},
		"a public key of ssh.com":    {strings.ReplaceAll(strings.ReplaceAll(ssh2, body, cert), "ENCRYPTED PRIVATE", "PUBLIC"), ""},
		"a text with a zero byte":    {"\x30\x03text", ""},
		"a text that starts with it": {"0\x82", ""},
	} {
		if got := DetectSecret([]byte(c.text)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestDetectDER(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][]byte{"PKCS #1": x509.MarshalPKCS1PrivateKey(r)}
	for name, key := range map[string]any{"Ed25519": ed, "ECDSA": ec, "RSA": r} {
		if keys[name], err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			t.Fatal(err)
		}
	}
	if keys["SEC 1"], err = x509.MarshalECPrivateKey(ec); err != nil {
		t.Fatal(err)
	}
	// EncryptedPrivateKeyInfo, PBES2: the parameters are ignored.
	keys["PKCS #12"] = []byte("\x30\x82\x0a\x01\x02\x01\x03" + strings.Repeat("\x00", 700) + keyBag + "\x02\xa0\x82")
	keys["Java"] = []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x05")
	keys["encrypted"] = append([]byte{0x30, 0x82, 0x01, 0x40, 0x30, 0x5f, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d, 0x30, 0}, make([]byte, 100)...)
	for name, der := range keys {
		if got := DetectSecret(der); got != "private key" {
			t.Errorf("%s: %q", name, got)
		}
		var f Finder
		for _, b := range der { // one byte at a time
			f.Write([]byte{b})
		}
		if got := f.Kind(); got != "private key" {
			t.Errorf("%s, in pieces: %q", name, got)
		}
	}
	public, err := x509.MarshalPKIXPublicKey(&r.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"a public key": public, "PKCS #1, public": x509.MarshalPKCS1PublicKey(&r.PublicKey),
		"Java, a certificate": []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x02\x00\x05"),
		"names of OpenSSL":    []byte("\x00" + keyBag[2:] + "\x01" + keyBag[2:] + "\x02"),
		"a number":            binary.BigEndian.AppendUint64(nil, 0x3082000002010000), "a program": []byte("\x7fELF\x02\x01\x01\x00"),
	} {
		if got := DetectSecret(data); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
