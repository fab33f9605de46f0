#!/bin/sh
# Apache Kafka (KRaft) on loopback for tests, from Maven Central: no Docker, no installation.
# Needs Java >= 17 and Maven; openssl for KAFKA_SECURE.
#
#   scripts/kafka.sh fetch        download the jars, once
#   scripts/kafka.sh up [1|3]     start so many nodes, wait until they are ready, print their addresses
#   scripts/kafka.sh down         stop them; their data stays
#   scripts/kafka.sh clean        stop them and delete their data
#   scripts/kafka.sh kill N       end node N with SIGKILL
#   scripts/kafka.sh stop N       end it in order: it hands its partitions over first
#   scripts/kafka.sh start N      start it again with its data, wait until it is ready
#   scripts/kafka.sh pause N      stand it still, with its connections open
#   scripts/kafka.sh resume N     let it go on
#   scripts/kafka.sh status       what runs, where, and the log of each node
#   scripts/kafka.sh secure-bootstrap | mtls-bootstrap | proxied-bootstrap | tls-dir
#
# KAFKA_VERSION (4.4.0; 4.1.2 and 3.9.2 run too), KAFKA_CACHE (.cache/kafka)
# KAFKA_PORT (19092): node N listens there + N-1, its controller 10 further on, and where it is asked for:
# KAFKA_SECURE=1: 20 further on SASL_SSL with PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER with unsigned tokens, for the
#   users `admin` (who may all), password `admin-secret`, and `alice`, `alice-secret`; 30 further on TLS with client
#   certificates, for `CN=client`. Everybody may what no ACL speaks of. In tls-dir are ca.pem, client.pem, client.key, and of
#   an authority that is to be refused other-ca.pem, other-client.pem, other-client.key. Say it from the first `up` on.
# KAFKA_ADVERTISED_PORT=P: 40 further on for a proxy, which clients are told to find at port P + N-1.
set -eu

version=${KAFKA_VERSION:-4.4.0}
port=${KAFKA_PORT:-19092}
cache=${KAFKA_CACHE:-$(cd "$(dirname "$0")/.." && pwd)/.cache/kafka}
secure=${KAFKA_SECURE:-}
advertised=${KAFKA_ADVERTISED_PORT:-}
jars=$cache/$version
cluster=$cache/cluster-$version-$port
tls=$cluster/tls
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
controller=10 sasl=20 mtls=30 proxied=40

fail() { echo "kafka.sh: $*" >&2; exit 1; }

need() { command -v "$1" >/dev/null || fail "$1 is needed: $2"; }

dependency() { echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version>${4:-}</dependency>"; }

fetch() {
  [ -e "$jars/.complete" ] && return 0
  need mvn 'it downloads the jars of Kafka'
  rm -rf "$jars" && mkdir -p "$jars"
  logging=
  # Kafka 3.9 logs to reload4j, which is only in its release archive.
  case $version in 3.*) logging="$(dependency ch.qos.reload4j reload4j 1.2.25)$(dependency org.slf4j slf4j-reload4j 1.7.36)" ;; esac
  # 4.4.0 names kafka-tools-api, which is not on Maven Central; only the console tools use it.
  cat >"$jars/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    $(dependency org.apache.kafka kafka_2.13 "$version" \
      '<exclusions><exclusion><groupId>org.apache.kafka</groupId><artifactId>kafka-tools-api</artifactId></exclusion></exclusions>')
    $logging
  </dependencies>
</project>
POM
  mvn -B -q -Dstyle.color=never -f "$jars/pom.xml" "$plugin:copy-dependencies" -DincludeScope=runtime -DoutputDirectory="$jars" >&2 ||
    fail "Maven could not resolve Kafka $version"
  if [ -z "$logging" ]; then
    # So is what joins the logging of Kafka 4 to log4j; here in the version of the log4j that came.
    log4j=$(basename "$(find "$jars" -name 'log4j-core-*.jar')" .jar)
    mvn -B -q -Dstyle.color=never "$plugin:copy" "-Dartifact=org.apache.logging.log4j:log4j-slf4j-impl:${log4j#log4j-core-}:jar" -DoutputDirectory="$jars" >&2 ||
      fail 'Maven could not resolve log4j-slf4j-impl'
  fi
  touch "$jars/.complete"
}

nodes() { cat "$cluster/nodes" 2>/dev/null || echo 0; }
each() { seq 1 "$(nodes)"; }
at() { echo "127.0.0.1:$((port + $2 + $1 - 1))"; }
pid() { cat "$cluster/node-$1/pid" 2>/dev/null; }

# The command line is compared as well: after a reboot the number may be somebody else's.
running() { [ -n "$(pid "$1")" ] && ps -ww -o command= -p "$(pid "$1")" 2>/dev/null | grep -qF "$cluster/node-$1/server.properties"; }

# addresses OFFSET: of all nodes, where they listen that much further on
addresses() { for i in $(each); do at "$i" "$1"; done | paste -sd, -; }

# Server and client of one authority, in PEM as Kafka reads it, and the client of another.
certificates() {
  [ -e "$tls/.complete" ] && return 0
  need openssl 'it makes the certificates'
  mkdir -p "$tls"
  (
    cd "$tls"
    for name in ca other-ca; do
      openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$name of the tests" -keyout "$name.key" -out "$name.pem" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
    done
    sign ca server server 'subjectAltName=DNS:localhost,IP:127.0.0.1'
    sign ca client client ''
    sign other-ca other-client client ''
    cat server.key server.pem ca.pem >keystore.pem
    chmod 600 ./*.key keystore.pem
  ) >"$cluster/openssl.log" 2>&1 || { tail -20 "$cluster/openssl.log" >&2; fail 'openssl made no certificates'; }
  touch "$tls/.complete"
}

# sign AUTHORITY FILE NAME EXTENSION
sign() {
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$3" -keyout "$2.key" -out "$2.csr"
  printf 'extendedKeyUsage=%sAuth\n%s\n' "$3" "$4" >"$2.ext"
  openssl x509 -req -in "$2.csr" -CA "$1.pem" -CAkey "$1.key" -CAcreateserial -days 3650 -extfile "$2.ext" -out "$2.pem"
}

configure() {
  node=$cluster/node-$1
  copies=$(nodes)
  listeners= map= voters=$(for i in $(each); do echo "$i@$(at "$i" $controller)"; done | paste -sd, -)
  [ -z "$secure" ] || listeners=",SASL_SSL://$(at "$1" $sasl),MTLS://$(at "$1" $mtls)" map=',SASL_SSL:SASL_SSL,MTLS:SSL'
  announced=$listeners
  if [ -n "$advertised" ]; then
    listeners="$listeners,PROXIED://$(at "$1" $proxied)" map="$map,PROXIED:PLAINTEXT"
    announced="$announced,PROXIED://127.0.0.1:$((advertised + $1 - 1))"
  fi
  mkdir -p "$node"
  cat >"$node/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$voters
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://$(at "$1" 0),CONTROLLER://$(at "$1" $controller)$listeners
advertised.listeners=PLAINTEXT://$(at "$1" 0)$announced
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT$map
log.dirs=$node/data
auto.create.topics.enable=false
num.partitions=3
default.replication.factor=$copies
min.insync.replicas=$(((copies + 1) / 2))
offsets.topic.replication.factor=$copies
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$(((copies + 1) / 2))
transaction.state.log.num.partitions=3
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
# A node that is lost is noticed within seconds.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
replica.lag.time.max.ms=5000
request.timeout.ms=5000
PROPERTIES
  [ -z "$secure" ] || cat >>"$node/server.properties" <<PROPERTIES
ssl.keystore.type=PEM
ssl.keystore.location=$tls/keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location=$tls/ca.pem
listener.name.mtls.ssl.client.auth=required
listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_admin="admin-secret" user_alice="alice-secret";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
# Who logged in with a token has to do so again before it ends.
listener.name.sasl_ssl.oauthbearer.connections.max.reauth.ms=3600000
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
super.users=User:ANONYMOUS;User:admin
PROPERTIES
  cat >"$node/log4j2.xml" <<'XML'
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
XML
  cat >"$node/log4j.properties" <<'LOG4J'
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n
LOG4J
}

# Small: it shares a machine with the tests.
java_node() {
  exec java -Xms192m -Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
    "-Dlog4j2.configurationFile=$node/log4j2.xml" "-Dlog4j.configuration=file:$node/log4j.properties" -cp "$jars/*" "$@"
}

format() {
  set -- format --cluster-id MkU3OEVBNTcwNTJENDM2Qk --config "$node/server.properties"
  if [ -n "$secure" ]; then
    for user in admin alice; do
      for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do set -- "$@" --add-scram "$mechanism=[name=$user,password=$user-secret]"; done
    done
  fi
  (java_node kafka.tools.StorageTool "$@") >"$node/format.log" 2>&1 ||
    { tail -20 "$node/format.log" >&2; fail 'the data directory could not be formatted'; }
}

launch() {
  node=$cluster/node-$1
  [ -e "$node/server.properties" ] || fail "there is no node $1"
  running "$1" && return 0
  [ -e "$node/data/meta.properties" ] || format
  [ ! -e "$node/server.log" ] || mv "$node/server.log" "$node/server.log.before"
  : >"$node/server.log"
  (java_node kafka.Kafka "$node/server.properties") >"$node/server.log" 2>&1 </dev/null &
  echo $! >"$node/pid"
}

# Logged when its ports are open and the controller counts on it.
ready() {
  node=$cluster/node-$1
  tenths=0
  until grep -q 'Kafka Server started' "$node/server.log"; do
    tenths=$((tenths + 2))
    if ! kill -0 "$(pid "$1")" 2>/dev/null || [ $tenths -gt 600 ]; then
      tail -40 "$node/server.log" >&2
      down
      fail "node $1 did not become ready"
    fi
    sleep 0.2
  done
}

up() {
  need java 'Kafka runs on it, 17 or newer'
  case $1 in 1 | 3) ;; *) fail "1 or 3 nodes, not $1" ;; esac
  case $(nodes) in 0 | "$1") ;; *) fail "there are $(nodes) nodes here; clean first" ;; esac
  fetch
  mkdir -p "$cluster"
  echo "$1" >"$cluster/nodes"
  [ -z "$secure" ] || certificates
  for i in $(each); do running "$i" || { configure "$i"; launch "$i"; }; done
  for i in $(each); do ready "$i"; done
  addresses 0
}

signal() {
  running "$1" || fail "node $1 does not run"
  kill "-$2" "$(pid "$1")"
}

gone() {
  tenths=0
  while running "$1"; do
    tenths=$((tenths + 1))
    if [ $tenths -gt 300 ]; then kill -KILL "$(pid "$1")"; fi
    sleep 0.1
  done
  rm -f "$cluster/node-$1/pid"
}

down() {
  for i in $(each); do if running "$i"; then signal "$i" CONT; signal "$i" TERM; fi; done
  for i in $(each); do gone "$i"; done
}

status() {
  for i in $(each); do
    if running "$i"; then state="pid $(pid "$i"), $(at "$i" 0)"; else state=down; fi
    echo "node $i: $state, $cluster/node-$i/server.log"
  done
}

case "${1:-}${2:+ N}" in
  fetch) fetch ;;
  up | 'up N') up "${2:-1}" ;;
  down) down ;;
  clean) down; rm -rf "$cluster" ;;
  'kill N') signal "$2" KILL; gone "$2" ;;
  'stop N') signal "$2" TERM; gone "$2" ;;
  'start N') launch "$2"; ready "$2" ;;
  'pause N') signal "$2" STOP ;;
  'resume N') signal "$2" CONT ;;
  status) status ;;
  secure-bootstrap) addresses $sasl ;;
  mtls-bootstrap) addresses $mtls ;;
  proxied-bootstrap) addresses $proxied ;;
  tls-dir) echo "$tls" ;;
  *) sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//;p;}' "$0"; exit 2 ;;
esac
