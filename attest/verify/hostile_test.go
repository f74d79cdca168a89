package verify_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// hostile are attacks on a sealed image by a person who has the trusted key, or
// another key, or another image of the same name that was sealed with the same key.
func hostile(t *testing.T, f, unknown *forger) []attack {
	other := sealtest.New("demo")
	for path := range other.Files {
		other.Files[path] += ", the other one"
	}
	other.Decision.Findings[0].Message = "of the other one"
	otherDir := other.Seal(t, f.KeySigner)
	rescanned := sealtest.New("demo").Seal(t, f.KeySigner) // the same image; its bill of materials is edited below
	f.edit(t, rescanned, "component-services-nginx.spdx", func(_, p object) { p["comment"] = "another scan" })
	att := func(stem string) string { return statement.BundlePath(stem) }

	return []attack{
		{"bundle of another key", func(t *testing.T, dir string) {
			b := readBundle(t, dir, "vsa")
			b.DSSEEnvelope.Signatures = []object{{"sig": unknown.sign(statement.PayloadType, b.DSSEEnvelope.Payload)}}
			b.write(t, dir, "vsa")
		}, verify.CheckSignature, att("vsa")},
		{"payload swapped", func(t *testing.T, dir string) {
			b := readBundle(t, dir, "vsa")
			b.DSSEEnvelope.Payload = readBundle(t, otherDir, "vsa").DSSEEnvelope.Payload
			b.write(t, dir, "vsa")
		}, verify.CheckSignature, att("vsa")},
		{"two signatures", func(t *testing.T, dir string) {
			b := readBundle(t, dir, "spdx")
			b.DSSEEnvelope.Signatures = append(b.DSSEEnvelope.Signatures, b.DSSEEnvelope.Signatures[0])
			b.write(t, dir, "spdx")
		}, verify.CheckSignature, "2 signatures"},
		{"other payload type, signed", func(t *testing.T, dir string) {
			b := readBundle(t, dir, "spdx")
			b.DSSEEnvelope.PayloadType = "application/json"
			b.DSSEEnvelope.Signatures = []object{{"sig": f.sign("application/json", b.DSSEEnvelope.Payload)}}
			b.write(t, dir, "spdx")
		}, verify.CheckSignature, "payload type"},
		{"payload type of an honest signature changed", func(t *testing.T, dir string) {
			b := readBundle(t, dir, "spdx")
			b.DSSEEnvelope.Signatures = []object{{"sig": f.sign("application/json", b.DSSEEnvelope.Payload)}}
			b.write(t, dir, "spdx")
		}, verify.CheckSignature, "not signed by a trusted key"},
		{"duplicate member in a bundle", func(t *testing.T, dir string) {
			path := filepath.Join(dir, att("vsa"))
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			put(t, path, []byte(strings.Replace(string(raw), `"payloadType"`, `"PayloadType":"x","payloadType"`, 1)))
		}, verify.CheckSignature, "duplicate member"},
		{"duplicate member in a statement", func(t *testing.T, dir string) {
			p := string(readBundle(t, dir, "vsa").DSSEEnvelope.Payload)
			f.raw(t, dir, "vsa", []byte(strings.Replace(p, `"predicateType"`, `"predicateType":"x","predicateType"`, 1)))
		}, verify.CheckSignature, "duplicate member"},
		{"duplicate member in a predicate", func(t *testing.T, dir string) {
			p := string(readBundle(t, dir, "vsa").DSSEEnvelope.Payload)
			f.raw(t, dir, "vsa", []byte(strings.Replace(p, `"verificationResult"`, `"verificationResult":"FAILED","verificationResult"`, 1)))
		}, verify.CheckContent, "duplicate member"},
		{"bundle of more than 128 MiB", func(t *testing.T, dir string) {
			path := filepath.Join(dir, att("vsa"))
			if err := errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o644), os.Truncate(path, statement.MaxBundle+1)); err != nil {
				t.Fatal(err)
			}
		}, verify.CheckFolder, att("vsa")},
		{"predicate type swapped, signed", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(st, _ object) { st["predicateType"] = statement.TestResult })
		}, verify.CheckType, att("vsa")},
		{"one statement under another's name", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(dir, att("cyclonedx")), filepath.Join(dir, att("spdx")))
		}, verify.CheckType, att("spdx")},
		{"component's statement as the image's", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(dir, att("component-kernel.spdx")), filepath.Join(dir, att("spdx")))
		}, verify.CheckSubject, att("spdx")},
		{"statement of an unknown type", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(dir, att("vsa")), filepath.Join(dir, att("custom")))
		}, verify.CheckType, att("custom")},
		{"something else among the attestations", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, statement.Dir, "note.txt"), []byte("hi"))
		}, verify.CheckFolder, "note.txt"},
		{"extra subject in one statement", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(st, _ object) {
				st["subject"] = append(st["subject"].([]any), object{"name": "x", "digest": object{"sha256": strings.Repeat("a", 64)}})
			})
		}, verify.CheckSubject, att("vsa")},
		{"extra subject in all statements", func(t *testing.T, dir string) {
			for _, stem := range imageStems() {
				f.edit(t, dir, stem, func(st, _ object) {
					st["subject"] = append(st["subject"].([]any), object{"name": "x", "digest": object{"sha256": strings.Repeat("a", 64)}})
				})
			}
		}, verify.CheckSubject, "x: the file is missing"},
		{"subject outside of the folder", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "..", "outside"), []byte("x"))
			for _, stem := range imageStems() {
				f.edit(t, dir, stem, func(st, _ object) {
					st["subject"] = append(st["subject"].([]any), object{"name": "../outside", "digest": object{"sha256": strings.TrimPrefix(sealtest.Digest("x"), "sha256:")}})
				})
			}
		}, verify.CheckSubject, "../outside"},
		{"missing subject in all statements", func(t *testing.T, dir string) {
			for _, stem := range imageStems() {
				f.edit(t, dir, stem, func(st, _ object) { st["subject"] = st["subject"].([]any)[1:] })
			}
		}, verify.CheckContent, "demo-cmdline"},
		{"formats that come to other files", func(t *testing.T, dir string) {
			f.edit(t, dir, "provenance", func(_, p object) { formats(p, "tar") })
		}, verify.CheckContent, "demo.tar"},
		{"a format more", func(t *testing.T, dir string) {
			f.edit(t, dir, "provenance", func(_, p object) { formats(p, "kernel+initrd", "tar") })
		}, verify.CheckContent, "demo.tar"},
		{"a format twice", func(t *testing.T, dir string) {
			f.edit(t, dir, "provenance", func(_, p object) { formats(p, "kernel+initrd", "kernel+initrd") })
		}, verify.CheckContent, "is unknown or a duplicate"},
		{"a format that no build has", func(t *testing.T, dir string) {
			f.edit(t, dir, "provenance", func(_, p object) { formats(p, "iso") })
		}, verify.CheckContent, "unknown"},
		{"kernel of one image, initrd of another", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(otherDir, "demo-initrd.img"), filepath.Join(dir, "demo-initrd.img"))
		}, verify.CheckSubject, "demo-initrd.img"},
		{"statements of two images", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(otherDir, att("vsa")), filepath.Join(dir, att("vsa")))
		}, verify.CheckSubject, "the folder mixes two images"},
		{"kernel and initrd of two images, statements mixed", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(otherDir, "demo-initrd.img"), filepath.Join(dir, "demo-initrd.img"))
			for _, stem := range []string{"vsa", "provenance"} {
				copyFile(t, filepath.Join(otherDir, att(stem)), filepath.Join(dir, att(stem)))
			}
		}, verify.CheckSubject, "the folder mixes two images"},
		{"extra boot file", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "demo-initrd2.img"), []byte("x"))
		}, verify.CheckFolder, "demo-initrd2.img"},
		{"extra file in a new folder", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "loader/entries/x.conf"), []byte("x"))
		}, verify.CheckFolder, "loader/entries/x.conf"},
		{"extra blob", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, "oci/blobs/sha256", strings.Repeat("a", 64)), []byte("x"))
		}, verify.CheckLayout, "oci/blobs/sha256/aaaa"},
		{"symbolic link in place of a file", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "demo-kernel")
			if err := errors.Join(os.Rename(path, filepath.Join(dir, "..", "k")), os.Symlink("../k", path)); err != nil {
				t.Fatal(err)
			}
		}, verify.CheckFolder, "demo-kernel"},
		{"symbolic link in place of a folder", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "sbom")
			if err := errors.Join(os.Rename(path, filepath.Join(dir, "..", "s")), os.Symlink("../s", path)); err != nil {
				t.Fatal(err)
			}
		}, verify.CheckFolder, "sbom"},
		{"pipe in place of a file", func(t *testing.T, dir string) {
			path := filepath.Join(dir, "report.html")
			if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o644)); err != nil {
				t.Fatal(err)
			}
		}, verify.CheckFolder, "report.html"},
		{"decision of another image", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(otherDir, "decision.json"), filepath.Join(dir, "decision.json"))
		}, verify.CheckByproduct, "decision.json"},
		{"decision of another image, with its provenance", func(t *testing.T, dir string) {
			path := filepath.Join(otherDir, "decision.json")
			copyFile(t, path, filepath.Join(dir, "decision.json"))
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f.edit(t, dir, "provenance", func(_, p object) {
				for _, b := range p["runDetails"].(object)["byproducts"].([]any) {
					if b := b.(object); b["name"] == "decision.json" {
						b["digest"] = object{"sha256": strings.TrimPrefix(sealtest.Digest(string(raw)), "sha256:")}
					}
				}
			})
		}, verify.CheckContent, "decision is"},
		{"policy renamed in the summary", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(_, p object) { p["policy"].(object)["uri"] = statement.PolicyURI("strict") })
		}, verify.CheckContent, `policy is "hardened" in the provenance, but "strict"`},
		{"tests that are not the findings", func(t *testing.T, dir string) {
			f.edit(t, dir, "test-result", func(_, p object) { p["warnedTests"] = []string{} })
		}, verify.CheckContent, att("test-result")},
		{"expiry postponed", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(_, p object) { p["seaworthy_waiversExpire"] = "2099-01-01" })
		}, verify.CheckContent, "expiry of the waivers"},
		{"expiry that is not a date", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(_, p object) { p["seaworthy_waiversExpire"] = "never" })
		}, verify.CheckContent, "not a date"},
		{"bill of materials of another scan", func(t *testing.T, dir string) {
			stem := "component-services-nginx.spdx"
			copyFile(t, filepath.Join(rescanned, att(stem)), filepath.Join(dir, att(stem)))
		}, verify.CheckContent, att("component-services-nginx.spdx")},
		{"component's statement missing", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, att("component-kernel.cyclonedx"))); err != nil {
				t.Fatal(err)
			}
		}, verify.CheckType, att("component-kernel.cyclonedx")},
		{"component's statement about another image", func(t *testing.T, dir string) {
			f.edit(t, dir, "component-kernel.spdx", func(st, _ object) {
				st["subject"].([]any)[0].(object)["digest"] = object{"sha256": strings.Repeat("b", 64)}
			})
		}, verify.CheckSubject, att("component-kernel.spdx")},
		{"statement of a component that is not there", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(dir, att("component-kernel.spdx")), filepath.Join(dir, att("component-evil.spdx")))
		}, verify.CheckType, att("component-evil.spdx")},
		{"component hidden from the provenance", func(t *testing.T, dir string) {
			f.edit(t, dir, "provenance", func(_, p object) {
				def := p["buildDefinition"].(object)
				def["resolvedDependencies"] = def["resolvedDependencies"].([]any)[1:]
			})
		}, verify.CheckType, "does not cover a component"},
		{"another build type", func(t *testing.T, dir string) {
			f.edit(t, dir, "provenance", func(_, p object) { p["buildDefinition"].(object)["buildType"] = "https://example.org/x" })
		}, verify.CheckContent, "build type"},
		{"another layout", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(otherDir, "oci/index.json"), filepath.Join(dir, "oci/index.json"))
		}, verify.CheckLayout, "oci/index.json"},
		{"no attestations", func(t *testing.T, dir string) {
			if err := os.RemoveAll(filepath.Join(dir, statement.Dir)); err != nil {
				t.Fatal(err)
			}
		}, verify.CheckSignature, "not signed"},
	}
}
