package attest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	rekor "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/seaworthy-os/seaworthy/attest/service"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// services are the services that a signing config names for a time.
type services struct {
	ca         root.Service
	tsas, logs []root.Service
	// oidc is the identity provider for people, "" if the config names none.
	oidc string
}

// rekorVersions are the supported versions of transparency logs. A log of version 1
// would get the whole statement, which can have megabytes.
var rekorVersions = []uint32{2}

// readServices reads a signing config, and selects the services.
func readServices(config []byte, now time.Time) (*services, error) {
	pb, err := root.NewSigningConfigProtobuf(config)
	if err != nil {
		return nil, notConfigured(err)
	}
	if len(pb.GetTsaUrls()) > 0 && pb.GetTsaConfig() == nil || len(pb.GetRekorTlogUrls()) > 0 && pb.GetRekorTlogConfig() == nil {
		return nil, notConfigured(errors.New("it does not say how many logs and timestamp authorities to use (rekorTlogConfig, tsaConfig)"))
	}
	c, err := root.NewSigningConfigFromProtobuf(pb)
	if err != nil {
		return nil, notConfigured(err)
	}
	s := &services{}
	var errs []error
	if s.ca, err = root.SelectService(c.FulcioCertificateAuthorityURLs(), sign.FulcioAPIVersions, now); err != nil {
		errs = append(errs, fmt.Errorf("certificate authority: %w", err))
	}
	// A log of version 2 gives no time, so a timestamp is always needed.
	if s.tsas, err = root.SelectServices(c.TimestampAuthorityURLs(), c.TimestampAuthorityURLsConfig(), sign.TimestampAuthorityAPIVersions, now); err != nil {
		errs = append(errs, fmt.Errorf("timestamp authority: %w", err))
	}
	if len(pb.GetRekorTlogUrls()) > 0 {
		if s.logs, err = root.SelectServices(c.RekorLogURLs(), c.RekorLogURLsConfig(), rekorVersions, now); err != nil {
			errs = append(errs, fmt.Errorf("transparency log: %w", err))
		}
	}
	if p, err := root.SelectService(c.OIDCProviderURLs(), []uint32{1}, now); err == nil {
		s.oidc = p.URL
	}
	for _, one := range append(append([]root.Service{s.ca}, s.tsas...), s.logs...) {
		u, err := url.Parse(one.URL)
		if err == nil && one.URL != "" {
			err = service.CheckURL(u)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, notConfigured(err)
	}
	return s, nil
}

// notConfigured is an error about the signing config.
func notConfigured(err error) error {
	return system.BadInput("the signing config cannot be used").Because(err).Suggest("give Sigstore's signing_config.json (v0.2); docs/signing.md says where it comes from")
}

// IdentityProvider is the identity provider for people that a signing config names,
// "" if it names none.
func IdentityProvider(config []byte, now time.Time) (string, error) {
	s, err := readServices(config, now)
	if err != nil {
		return "", err
	}
	return s.oidc, nil
}

// noLimit turns off the time limits of sigstore-go: service.Client has its own.
const noLimit = -1

func (s *services) authority(ctx context.Context, client service.Client) *sign.Fulcio {
	client.Name = "the certificate authority"
	return sign.NewFulcio(&sign.FulcioOptions{BaseURL: s.ca.URL, Timeout: noLimit, Transport: client.HTTP(ctx).Transport})
}

func (s *services) timestampAuthorities(ctx context.Context, client service.Client) []*sign.TimestampAuthority {
	client.Name = "the timestamp authority"
	var out []*sign.TimestampAuthority
	for _, tsa := range s.tsas {
		out = append(out, sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: tsa.URL, Timeout: noLimit, Transport: client.HTTP(ctx).Transport}))
	}
	return out
}

func (s *services) transparencyLogs(client service.Client) []sign.Transparency {
	client.Name = "the transparency log"
	var out []sign.Transparency
	for _, log := range s.logs {
		out = append(out, sign.NewRekor(&sign.RekorOptions{BaseURL: log.URL, Version: log.MajorAPIVersion, ClientV2: &logWriter{client, log.URL}}))
	}
	return out
}

// logWriter adds entries to a log. Rekor's own client has no retries, and a time
// limit that a busy log exceeds.
type logWriter struct {
	client service.Client
	url    string
}

// Add implements sign.RekorV2Client.
func (l *logWriter) Add(ctx context.Context, entry any) (*protorekor.TransparencyLogEntry, error) {
	e, ok := entry.(*rekor.HashedRekordRequestV002)
	if !ok {
		return nil, fmt.Errorf("a log entry of type %T is not supported", entry)
	}
	body, err := protojson.Marshal(&rekor.CreateEntryRequest{Spec: &rekor.CreateEntryRequest_HashedRekordRequestV002{HashedRekordRequestV002: e}})
	if err != nil {
		return nil, err
	}
	address, err := url.JoinPath(l.url, "/api/v2/log/entries")
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := l.client.HTTP(ctx).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body) // bounded by the client
	if err != nil {
		return nil, err
	}
	var out protorekor.TransparencyLogEntry
	if err := protojson.Unmarshal(raw, &out); err != nil {
		return nil, unusableAnswer("transparency log", l.url, err)
	}
	return &out, nil
}
