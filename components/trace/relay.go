//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// relayVerb is the argument with which this program relays ports in the network
// namespace of the service. The ports follow.
const relayVerb = "relay"

// ready is what the relay prints when its ports can be used.
const ready = "ready"

// inNetwork calls start in the network namespace of the service. A process that it starts
// has that namespace.
func (o *observer) inNetwork(start func() error) error {
	if o.now == nil {
		return errors.New("the service does not run")
	}
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", o.now.pid))
	if err != nil {
		return err
	}
	defer ns.Close()
	done := make(chan error, 1)
	go func() {
		// The thread keeps the namespace, so it ends with this function.
		runtime.LockOSThread()
		err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			err = start()
		}
		done <- err
	}()
	return <-done
}

// relay makes ports that the service has only on the loopback address reachable for the
// exercise.
func (o *observer) relay(ports []int) error {
	args := []string{relayVerb}
	for _, p := range ports {
		args = append(args, strconv.Itoa(p))
	}
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if o.now.relay, err = cmd.StdinPipe(); err != nil { // it ends when its input does
		return err
	}
	if err := o.inNetwork(cmd.Start); err != nil {
		return err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != ready+"\n" {
		return fmt.Errorf("the ports cannot be relayed: %w", errors.Join(err, errors.New(line)))
	}
	go cmd.Wait() //nolint:errcheck // how it ends does not matter
	return nil
}

// runRelay relays ports until its input ends.
func runRelay(ports []string, until io.Reader, out io.Writer) error {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return err
	}
	for _, port := range ports {
		for _, a := range addresses {
			ip, _, err := net.ParseCIDR(a.String())
			if err != nil || ip.IsLoopback() || ip.To4() == nil {
				continue
			}
			l, err := net.Listen("tcp4", net.JoinHostPort(ip.String(), port))
			switch {
			case errors.Is(err, unix.EADDRINUSE): // the service itself listens there
			case err != nil:
				return err
			default:
				go accept(l, net.JoinHostPort("127.0.0.1", port))
			}
		}
	}
	fmt.Fprintln(out, ready)
	_, err = io.Copy(io.Discard, until)
	return err
}

// accept connects each connection with another one to address.
func accept(l net.Listener, address string) {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer from.Close()
			to, err := net.Dial("tcp4", address)
			if err != nil {
				return
			}
			defer to.Close()
			go copyAll(to, from)
			copyAll(from, to)
		}()
	}
}

// copyAll copies until the end, and then ends the other side's input.
func copyAll(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}
