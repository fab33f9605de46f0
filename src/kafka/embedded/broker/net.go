//go:build js && wasm

// The net.Listener and net.Conn that kfake sees. Sockets stay in Node's paused mode: Read pulls, Write waits for "drain"
// when Node's buffer is full, so back-pressure holds both ways.

package main

import (
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"syscall/js"
	"time"
)

type addr string

func (addr) Network() string  { return "tcp" }
func (a addr) String() string { return string(a) }

type listener struct {
	addr   addr
	server js.Value
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func listen(_, address string) (net.Listener, error) {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	bound := make(chan error, 1)
	onBound := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if args[0].Truthy() {
			bound <- errors.New(args[0].String())
		} else {
			l.addr, l.server = addr(args[1].String()), args[2]
			bound <- nil
		}
		return nil
	})
	defer onBound.Release()
	host.Call("listen", port, js.FuncOf(l.connected), onBound)
	return l, <-bound
}

func (l *listener) connected(_ js.Value, args []js.Value) any {
	c, event := newConn(args[0], l.addr, addr(args[1].String()))
	go func() { // a callback must not block: that would stop the event loop
		select {
		case l.conns <- c:
		case <-l.closed:
			c.Close()
		}
	}()
	return event
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed); l.server.Call("close") })
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }

type conn struct {
	sock          js.Value
	local, remote addr

	mu       sync.Mutex // guards what follows and every use of sock
	cond     *sync.Cond
	full     bool      // Node's send buffer
	ended    bool      // the socket is closed; what it received before can still be read
	base     []byte    // the memory of buf, used again when buf is empty
	buf      []byte    // received and not yet given to kfake
	left     int       // bytes of buf that belong to the request kfake is reading
	requests []request // read by kfake and not yet answered, in order
}

func newConn(sock js.Value, local, remote addr) (*conn, js.Func) {
	c := &conn{sock: sock, local: local, remote: remote}
	c.cond = sync.NewCond(&c.mu)
	var event js.Func
	event = js.FuncOf(func(_ js.Value, args []js.Value) any {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch args[0].String() {
		case "drain":
			c.full = false
		case "close":
			c.ended = true
			event.Release()
		}
		c.cond.Broadcast()
		return nil
	})
	return c, event
}

const keptBuffer = 1 << 20 // a connection that once read something large gives the memory back

// fill waits until n bytes are buffered. The caller holds mu.
func (c *conn) fill(n int) error {
	if len(c.buf) == 0 {
		c.buf = c.base[:0]
	}
	for len(c.buf) < n {
		if chunk := c.sock.Call("read"); chunk.Truthy() {
			have := len(c.buf)
			c.buf = append(c.buf, make([]byte, chunk.Length())...)
			js.CopyBytesToGo(c.buf[have:], chunk)
		} else if c.ended {
			return io.EOF
		} else {
			c.cond.Wait()
		}
	}
	if cap(c.buf) > cap(c.base) && cap(c.buf) <= keptBuffer {
		c.base = c.buf[:0]
	}
	return nil
}

// Read gives kfake one whole request after the other.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		r, size, err := c.nextRequest()
		if err != nil {
			return 0, err
		}
		c.mu.Unlock()
		faults.delay(r.key, c)
		c.mu.Lock()
		c.requests = append(c.requests, r)
		c.left = size
	}
	n := copy(p, c.buf[:c.left])
	c.buf, c.left = c.buf[n:], c.left-n
	return n, nil
}

// Write sends one answer; kfake calls it once for each.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := p
	if r, known := c.answered(p); known {
		if faults.lose(r.key, c) {
			return 0, net.ErrClosed // kfake closes the connection
		}
		out = r.amend(p)
	}
	if c.ended {
		return 0, net.ErrClosed
	}
	c.full = !c.send(out)
	for c.full && !c.ended {
		c.cond.Wait()
	}
	return len(p), nil
}

// send hands p to the socket; false when its buffer is full. The caller holds mu.
func (c *conn) send(p []byte) bool {
	bytes := js.Global().Get("Uint8Array").New(len(p))
	js.CopyBytesToJS(bytes, p)
	return c.sock.Call("write", bytes).Bool()
}

func (c *conn) Close() error {
	c.mu.Lock()
	if answer := c.refusal(); answer != nil && !c.ended {
		c.send(answer)
		c.requests = nil
	}
	c.mu.Unlock()
	c.sock.Call("destroySoon")
	return nil
}

func (c *conn) LocalAddr() net.Addr              { return c.local }
func (c *conn) RemoteAddr() net.Addr             { return c.remote }
func (c *conn) SetDeadline(time.Time) error      { return nil }
func (c *conn) SetReadDeadline(time.Time) error  { return nil }
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
