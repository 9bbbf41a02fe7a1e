// Package hostport says which hosts and ports can be listened on and asked, by one rule for files, flags and logins.
package hostport

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Valid reports whether address is HOST:PORT that can be listened on: a [ValidHost], in brackets where it is IPv6, or none
// for all addresses of the computer, and a [ValidPort] of at least least.
func Valid(address string, least int) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || !ValidPort(port, least) {
		return false
	}
	bracketed := strings.HasPrefix(address, "[")
	return host == "" && !bracketed || bracketed == strings.Contains(host, ":") && ValidHost(host)
}

// ValidHost reports whether host, without brackets, is an IP address or may be a name. What is made of digits and dots is an
// address, and no name. A zone is only part of an IPv6 address.
func ValidHost(host string) bool {
	if strings.Contains(host, ":") || strings.Trim(host, "0123456789.") == "" {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 {
			return false
		}
	}
	return !strings.ContainsFunc(host, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune("/\\?#@[]%*\"'<>", r)
	})
}

// ValidPort reports whether port is a number from least to 65535. 0 means any free port where something listens, and nothing
// elsewhere.
func ValidPort(port string, least int) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n >= uint64(least)
}
