//go:build js && wasm

// Command broker is the embedded Kafka: kfake (github.com/twmb/franz-go/pkg/kfake), compiled to WebAssembly and run in
// a Node worker thread. Go holds the broker, JavaScript holds the sockets. The worker (broker-worker.ts) sets
// globalThis.busbarBroker before it runs this program:
//
//	options                        JSON text, decoded into type options
//	listen(port, onConn, onBound)  binds 127.0.0.1:port (0: any free port), then calls onBound(null, "host:port",
//	                               server) or onBound(message). For each socket it calls onConn(socket, remote address)
//	                               and gets back event(name), to be called with "readable", "drain" and "close"
//	ready(call)                    connections are accepted; call(json, reply) runs an operation (control.go) and then
//	                               calls reply(null, json) or reply(message)
//	log(level, line)               the broker has something to say, "warn" or "error"
//	failed(message)                the broker could not start; the program ends
//	closed()                       everything is flushed; the program ends
//
// net.go has the sockets, request.go guards what comes in, faults.go breaks things on purpose, control.go runs the
// operations.
package main

import (
	"encoding/json"
	"fmt"
	"syscall/js"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

var host = js.Global().Get("busbarBroker")

// login: clients have to.
var login bool

// kfake applies retention and compaction only when told; Kafka looks every five minutes, too.
const sweepInterval = 5 * time.Minute

type options struct {
	Ports      []int // of node 0, 1, ...; 0: any free port
	Partitions int   // of topics that are created without a count
	AutoCreate bool
	Topics     map[string]int32 // name: partitions
	DataDir    string
	Fsync      bool
	Configs    map[string]string
	Users      []struct{ Mechanism, Username, Password string }
}

func (o options) kfake() []kfake.Opt {
	opts := []kfake.Opt{
		kfake.ListenFn(listen), kfake.Ports(o.Ports...), kfake.ClusterID("busbar-embedded"),
		kfake.DefaultNumPartitions(o.Partitions), kfake.DataDir(o.DataDir), kfake.BrokerConfigs(o.Configs),
		// Tests want a dead member noticed sooner than Kafka's six seconds.
		kfake.GroupMinSessionTimeout(time.Millisecond),
		kfake.WithLogger(logger{}),
	}
	for topic, partitions := range o.Topics {
		opts = append(opts, kfake.SeedTopics(partitions, topic))
	}
	if o.AutoCreate {
		opts = append(opts, kfake.AllowAutoTopicCreation())
	}
	if o.Fsync {
		opts = append(opts, kfake.SyncWrites())
	}
	if len(o.Users) > 0 {
		opts = append(opts, kfake.EnableSASL())
	}
	for _, user := range o.Users {
		opts = append(opts, kfake.Superuser(user.Mechanism, user.Username, user.Password))
	}
	return opts
}

// logger passes on what an operator should know, above all a write to the data directory that failed.
type logger struct{}

func (logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		host.Call("log", "error", fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		host.Call("log", "warn", fmt.Sprintf(format, args...))
	}
}

func start() (*kfake.Cluster, error) {
	var o options
	if err := json.Unmarshal([]byte(host.Get("options").String()), &o); err != nil {
		return nil, err
	}
	login = len(o.Users) > 0
	return kfake.NewCluster(o.kfake()...)
}

func main() {
	cluster, err := start()
	if err != nil {
		host.Call("failed", err.Error())
		return
	}
	ctl := newControl(cluster)
	host.Call("ready", js.FuncOf(ctl.call))
	go func() {
		for range time.Tick(sweepInterval) {
			ctl.sweep()
		}
	}()
	<-ctl.stopped
	host.Call("closed")
}
