package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.zx2c4.com/wireguard/conn"
	"golang.zx2c4.com/wireguard/device"
	"golang.zx2c4.com/wireguard/tun/tuntest"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"
)

// edgeGateway makes this machine a peer of the gateway. The function that it returns asks
// the gateway from the Internet, and through the tunnel.
func (s *realSystem) edgeGateway(yml string) (answered func(*console), flags []string) {
	t := s.t
	t.Helper()
	key, err := wgtypes.GeneratePrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	// The gateway speaks first: QEMU gives the machine no UDP port of this one.
	data, err := os.ReadFile(yml)
	if err != nil {
		t.Fatal(err)
	}
	peer := fmt.Sprintf("PublicKey = %s\n      Endpoint = 10.0.2.2:%d\n      PersistentKeepalive = 5", key.PublicKey(), socket.LocalAddr().(*net.UDPAddr).Port)
	changed := regexp.MustCompile(`PublicKey = \S+`).ReplaceAllLiteral(data, []byte(peer))
	if bytes.Equal(changed, data) {
		t.Fatal("the gateway has no peer")
	}
	if err := os.WriteFile(yml, changed, 0o644); err != nil {
		t.Fatal(err)
	}
	web, figures := port(t), port(t)
	return func(console *console) {
		if got, err := get(t, web, "/"); err != nil || !strings.Contains(got, "It works.") {
			t.Errorf("the page is not public: %q, %v", got, err)
		}
		// The probe has asked this service from inside.
		if got, err := get(t, figures, "/metrics"); err == nil {
			t.Errorf("the Internet reaches the figures of the machine: %.100q", got)
		}
		found := regexp.MustCompile(`wg0: 1 peers; the public key is (\S+)`).FindStringSubmatch(console.String())
		if found == nil {
			t.Fatal("the gateway did not print its public key")
		}
		askTunnel(t, socket, key, found[1])
	}, []string{"--publish", fmt.Sprintf("%d:8101", web), "--publish", fmt.Sprintf("%d:9100", figures)}
}

// dnsAndLogs adds the parts of the page: a DNS server, which this machine asks over UDP,
// and a service that sends the logs to a server, which is this machine.
func (s *realSystem) dnsAndLogs() (answered func(*console), flags, parts []string) {
	t := s.t
	t.Helper()
	server, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	lines := make(chan string, 1<<16)
	go func() {
		for {
			client, err := server.Accept()
			if err != nil {
				return
			}
			for sc := bufio.NewScanner(client); sc.Scan(); {
				select {
				case lines <- sc.Text():
				default: // enough
				}
			}
			client.Close()
		}
	}()
	parts = s.pageParts(map[string]string{`Target="192.0.2.10" Port="514"`: fmt.Sprintf(`Target="10.0.2.2" Port="%d"`, server.Addr().(*net.TCPAddr).Port)})
	dns := port(t)
	return func(console *console) {
		resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "udp4", fmt.Sprintf("127.0.0.1:%d", dns))
		}}
		for {
			got, err := resolver.LookupHost(t.Context(), "router.internal.")
			if err == nil {
				if !slices.Equal(got, []string{"192.0.2.7"}) {
					t.Errorf("the DNS server says that router.internal is %q", got)
				}
				break
			}
			if console.quiet() > silence {
				t.Fatalf("the DNS server does not answer: %v\n%s", err, console)
			}
			time.Sleep(time.Second)
		}
		sent := regexp.MustCompile(`^<14>\S+ \S+ /run/log/\S+\.log .`)
		for {
			select {
			case line := <-lines:
				if !sent.MatchString(line) {
					t.Errorf("the log server gets %q", line)
				}
				return
			case <-time.After(time.Second):
				if console.quiet() > silence {
					t.Fatalf("the log server gets nothing\n%s", console)
				}
			}
		}
	}, []string{"--publish", fmt.Sprintf("%d:53/udp", dns)}, parts
}

// get asks a web server on a port of this machine.
func get(t *testing.T, port int, path string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", port, path), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// askTunnel asks the gateway for its name through WireGuard, with WireGuard's own
// implementation in Go at this end.
func askTunnel(t *testing.T, socket *net.UDPConn, key wgtypes.Key, gateway string) {
	t.Helper()
	public, err := base64.StdEncoding.DecodeString(gateway)
	if err != nil {
		t.Fatal(err)
	}
	tun := tuntest.NewChannelTUN()
	dev := device.NewDevice(tun.TUN(), &loopback{socket: socket}, device.NewLogger(device.LogLevelError, "wireguard: "))
	defer dev.Close()
	if err := dev.IpcSet(fmt.Sprintf("private_key=%x\npublic_key=%x\nallowed_ip=10.8.0.1/32\n", key[:], public)); err != nil {
		t.Fatal(err)
	}
	if err := dev.Up(); err != nil {
		t.Fatal(err)
	}
	// A question for the address of gateway.internal.
	dns, err := hex.DecodeString("73770100000100000000000007" + hex.EncodeToString([]byte("gateway")) + "08" + hex.EncodeToString([]byte("internal")) + "0000010001")
	if err != nil {
		t.Fatal(err)
	}
	question := datagram(netip.MustParseAddr("10.8.0.2"), netip.MustParseAddr("10.8.0.1"), 40000, 53, dns)
	ctx, stop := context.WithTimeout(t.Context(), silence)
	defer stop()
	again := time.NewTicker(2 * time.Second)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			t.Fatal("the gateway does not answer through the tunnel")
		case <-again.C: // it may not have sent a handshake yet
			select {
			case tun.Outbound <- question:
			case <-ctx.Done():
			}
		case packet := <-tun.Inbound:
			if len(packet) < 28 || packet[9] != 17 || binary.BigEndian.Uint16(packet[20:]) != 53 {
				continue
			}
			if answer := packet[28:]; !bytes.HasPrefix(answer, []byte("sw")) || !bytes.HasSuffix(answer, []byte{0, 4, 10, 8, 0, 1}) {
				t.Errorf("the gateway answers %q", answer)
			}
			return
		}
	}
}

// datagram makes a packet of IPv4 and UDP.
func datagram(from, to netip.Addr, source, destination uint16, data []byte) []byte {
	b := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, 17, 0, 0}
	b = append(append(b, from.AsSlice()...), to.AsSlice()...)
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, source), destination)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(data)))
	b = append(append(b, 0, 0), data...) // no checksum of UDP
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum))
	return b
}

// loopback is a conn.Bind with one socket on the loopback address: the usual one listens
// on all addresses of this machine.
type loopback struct{ socket *net.UDPConn }

func (l *loopback) Open(uint16) ([]conn.ReceiveFunc, uint16, error) {
	receive := func(packets [][]byte, sizes []int, eps []conn.Endpoint) (int, error) {
		n, from, err := l.socket.ReadFromUDPAddrPort(packets[0])
		if err != nil {
			return 0, err
		}
		sizes[0], eps[0] = n, &conn.StdNetEndpoint{AddrPort: from}
		return 1, nil
	}
	return []conn.ReceiveFunc{receive}, uint16(l.socket.LocalAddr().(*net.UDPAddr).Port), l.socket.SetReadDeadline(time.Time{})
}

// Close ends the reads of Open; the device can be opened again.
func (l *loopback) Close() error { return l.socket.SetReadDeadline(time.Unix(1, 0)) }

func (l *loopback) SetMark(uint32) error { return nil }

func (l *loopback) BatchSize() int { return 1 }

func (l *loopback) Send(packets [][]byte, to conn.Endpoint) error {
	for _, p := range packets {
		if _, err := l.socket.WriteToUDPAddrPort(p, to.(*conn.StdNetEndpoint).AddrPort); err != nil {
			return err
		}
	}
	return nil
}

func (l *loopback) ParseEndpoint(s string) (conn.Endpoint, error) {
	a, err := netip.ParseAddrPort(s)
	return &conn.StdNetEndpoint{AddrPort: a}, err
}

// netbootServer puts a kernel on the server. The function that it returns boots another
// machine from the server. That machine has no disk; its firmware gets the address of
// boot.ipxe from QEMU's DHCP server.
func (s *realSystem) netbootServer(yml, kernel string) (answered func(*console), flags []string) {
	t := s.t
	t.Helper()
	s.copyFile(kernel, "kernel-to-boot")
	f, err := os.OpenFile(yml, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString("  - {path: srv/netboot/kernel, source: kernel-to-boot, mode: \"0444\"}\n")
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	web := port(t)
	return func(server *console) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		client := &console{last: time.Now()}
		cmd := exec.CommandContext(ctx, "qemu-system-x86_64", "-machine", "q35,smm=off", "-accel", "tcg", "-cpu", "max", "-m", "512", "-nodefaults", "-no-user-config",
			"-display", "none", "-no-reboot", "-serial", "stdio", "-boot", "n", "-device", "virtio-net-pci,netdev=n",
			"-netdev", fmt.Sprintf("user,id=n,bootfile=http://10.0.2.2:%d/boot.ipxe", web))
		cmd.Stdout, cmd.Stderr = client, client
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		// The kernel that it fetched starts, and stops because it has no root.
		for !strings.Contains(client.String(), "Kernel panic") {
			select {
			case err := <-done:
				t.Fatalf("the client ended: %v\n%s\n%s", err, client, server)
			case <-time.After(time.Second):
			}
			if client.quiet() > silence {
				t.Fatalf("the client is silent\n%s\n%s", client, server)
			}
		}
		stop()
		<-done //nolint:errcheck // it was ended here
		for _, path := range []string{"boot.ipxe", "kernel"} {
			if want := fmt.Sprintf(`netboot: GET "/%s" by "iPXE/`, path); !strings.Contains(server.String(), want) {
				t.Errorf("the server did not print %s", want)
			}
		}
	}, []string{"--publish", fmt.Sprintf("%d:8069", web)}
}
