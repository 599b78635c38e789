// subject-go-winio server|client NAME byte|message echo|send:N|sink
//
// go-winio as a subject of npipe-subjects, used as its documentation shows it:
// ListenPipe and DialPipeContext, a goroutine for each connection, Close to stop.
// A connection in message mode has CloseWrite, which sends an empty message as the
// end; an empty message of the other side is the end.
//
// Contract: docs/subjects.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	winio "github.com/Microsoft/go-winio"
)

const (
	chunk         = 65536
	codeFailed    = 3
	codeAbsent    = 4
	codeReadError = 5
)

var (
	kind string
	lock sync.Mutex
	open = map[net.Conn]bool{}
)

// serve uses the connection, closes it, and returns what a read told.
func serve(c net.Conn) error {
	lock.Lock()
	open[c] = true
	lock.Unlock()
	defer func() {
		lock.Lock()
		delete(open, c)
		lock.Unlock()
		c.Close()
	}()
	if strings.HasPrefix(kind, "send:") {
		length, _ := strconv.Atoi(kind[len("send:"):])
		data := make([]byte, length)
		for i := range data {
			data[i] = byte(i % 251)
		}
		_, err := c.Write(data)
		return err
	}
	data := make([]byte, chunk)
	total := 0
	for {
		// A message that is longer than the buffer comes in parts, and go-winio
		// does not tell where it ends.
		n, err := c.Read(data)
		total += n
		if n > 0 && kind == "echo" {
			if _, err := c.Write(data[:n]); err != nil {
				return nil // the other side has left
			}
		}
		if errors.Is(err, io.EOF) {
			if kind == "sink" {
				fmt.Printf("end %d\n", total)
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func server(name string, message bool, stop <-chan struct{}) int {
	listener, err := winio.ListenPipe(name, &winio.PipeConfig{
		MessageMode: message, InputBufferSize: chunk, OutputBufferSize: chunk})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return codeFailed
	}
	var served sync.WaitGroup
	served.Add(1)
	go func() {
		defer served.Done()
		for {
			c, err := listener.Accept()
			if errors.Is(err, winio.ErrPipeListenerClosed) {
				return
			}
			if err != nil {
				continue
			}
			served.Add(1)
			go func() { defer served.Done(); _ = serve(c) }()
		}
	}()
	fmt.Println("ready")
	<-stop
	listener.Close()
	lock.Lock()
	for c := range open {
		c.Close()
	}
	lock.Unlock()
	served.Wait()
	return 0
}

func client(name string, stop <-chan struct{}) int {
	dial, cancel := context.WithCancel(context.Background())
	code := make(chan int, 1)
	go func() {
		c, err := winio.DialPipeContext(dial, name) // it waits while the pipe is busy
		if err != nil {
			code <- codeAbsent
		} else if serve(c) != nil {
			code <- codeReadError
		} else {
			code <- 0
		}
	}()
	select {
	case result := <-code:
		cancel()
		return result
	case <-stop:
		cancel()
		lock.Lock()
		for c := range open {
			c.Close()
		}
		lock.Unlock()
		<-code
		return 0
	}
}

func main() {
	if len(os.Args) < 5 {
		fmt.Fprintln(os.Stderr, "usage: subject-go-winio server|client NAME byte|message echo|send:N|sink")
		os.Exit(2)
	}
	kind = os.Args[4]
	stop := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(stop)
	}()
	if os.Args[1] == "server" {
		os.Exit(server(os.Args[2], os.Args[3] == "message", stop))
	}
	os.Exit(client(os.Args[2], stop))
}
