import type { ErrorCode } from '../../errors.js';
import type { Settings } from './options.js';

/** What kafkajs says of a connection that did not come about or broke. */
export interface ConnectionError extends Error {
  readonly type?: string | undefined;
  /** Of Node.js or OpenSSL, e.g. `ECONNREFUSED`, `CERT_HAS_EXPIRED`. */
  readonly code?: unknown;
  /** `host:port`. */
  readonly broker?: string | undefined;
}

/** What it probably is, in words for whoever runs the service. */
export interface ConnectionFailure {
  readonly code: ErrorCode;
  /** What has happened, as far as it shows from this side. */
  readonly what: string;
  /** What to change, and where. */
  readonly fix: string;
  /** Whether it may pass by itself. */
  readonly passes: boolean;
}

export type Security = Pick<Settings, 'brokers' | 'ssl' | 'sasl'>;

const CONNECTING = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSNoBrokerAvailableError',
]);
const UNTRUSTED =
  /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?)|CERT_(UNTRUSTED|SIGNATURE_FAILURE|REJECTED))$/;
const OUT_OF_DATE = /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/;
/** What the other side says to our certificate, or to none: alerts 42 to 48 and 116 of TLS. */
const OUR_CERTIFICATE_REFUSED = /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA)$/;
const NO_TLS_THERE = /before secure TLS connection|wrong version number|packet length too long|record layer failure/i;
const HUNG_UP = /closed|reset|EPIPE|hang up|disconnected/i;
const SILENT = /timed? ?out|timeout|not connected/i;
const NOBODY = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;

/**
 * What is behind a failure to connect. A broker that is spoken to in the wrong way mostly just hangs up, so what it
 * probably is follows from how we spoke to it. Undefined for errors that are about something else.
 */
export function connectionFailure(error: ConnectionError, security: Security): ConnectionFailure | undefined {
  if (error.name === 'KafkaJSSASLAuthenticationError' || /SASL/.test(error.type ?? '')) return loginFailure(error, security);
  if (!CONNECTING.has(error.name) && error.message !== 'Broker not connected') return undefined;
  return tlsFailure(error, security) ?? unreachable(error, security);
}

function loginFailure(error: ConnectionError, { brokers, ssl, sasl }: Security): ConnectionFailure {
  const said = error.message.replace(/^SASL .*authentication failed: /, '');
  const mechanism = sasl?.mechanism.toUpperCase() ?? 'SASL';
  if (error.type === 'ILLEGAL_SASL_STATE') {
    const without = ssl ? 'SSL' : 'PLAINTEXT';
    const fix = `set KAFKA_SECURITY_PROTOCOL=${without}, or name a port of the broker that is for logins in KAFKA_BOOTSTRAP_SERVERS`;
    return { code: 'AUTHENTICATION_FAILED', what: `the port expects no login (${said})`, fix, passes: false };
  }
  if (error.type === 'UNSUPPORTED_SASL_MECHANISM' || /mechanism is not supported/.test(said)) {
    const fix = 'set KAFKA_SASL_MECHANISM to one that is enabled on that port';
    return { code: 'AUTHENTICATION_FAILED', what: `the broker has no logins with ${mechanism} (${said})`, fix, passes: false };
  }
  if (HUNG_UP.test(said) || SILENT.test(said)) {
    // kafkajs calls this a refusal, but a broker that is killed during a login looks the same.
    const what = `${brokers.join(', ')} hung up during the login (${said}): it is stopping, or that port is not for logins`;
    const check = 'if it stays so, check KAFKA_SECURITY_PROTOCOL, and the port in KAFKA_BOOTSTRAP_SERVERS';
    return { code: 'BROKER_UNREACHABLE', what, fix: check, passes: true };
  }
  const fix =
    sasl?.mechanism === 'oauthbearer'
      ? 'check the token, and that the broker trusts whoever issued it'
      : `check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, and that the broker knows the user for ${mechanism}`;
  return { code: 'AUTHENTICATION_FAILED', what: `the broker refused the login with ${mechanism} (${said})`, fix, passes: false };
}

function tlsFailure(error: ConnectionError, { brokers, ssl, sasl }: Security): ConnectionFailure | undefined {
  if (ssl === undefined || ssl === false) return undefined;
  const [code, where, said] = [typeof error.code === 'string' ? error.code : '', error.broker ?? brokers.join(', '), plain(error.message)];
  const refused = (what: string, fix: string): ConnectionFailure => ({ code: 'TLS_FAILED', what: `${what} (${said})`, fix, passes: false });
  if (UNTRUSTED.test(code)) {
    const hasCa = typeof ssl === 'object' && ssl.ca !== undefined;
    return refused(
      `the certificate of ${where} is signed by nobody who is trusted here`,
      hasCa
        ? 'put the certificate of the authority that signed it into the file of KAFKA_SSL_CAFILE'
        : 'set KAFKA_SSL_CAFILE to the certificate of the authority that signed it',
    );
  }
  if (OUT_OF_DATE.test(code))
    return refused(`the certificate of ${where} is out of date`, 'renew it on the broker, or set the clock of this machine');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const fix =
      'name the broker as its certificate does, in KAFKA_BOOTSTRAP_SERVERS and in advertised.listeners of the broker, or give it a certificate for that name';
    return refused(`the certificate of ${where} is for another name`, fix);
  }
  if (OUR_CERTIFICATE_REFUSED.test(code)) {
    const hasCert = typeof ssl === 'object' && ssl.cert !== undefined;
    return hasCert
      ? refused(
          `${where} refused the certificate of this client`,
          'check that the certificate in KAFKA_SSL_CERTFILE is in date, and that the broker trusts the authority that signed it',
        )
      : refused(`${where} wants a certificate of this client`, 'set KAFKA_SSL_CERTFILE and KAFKA_SSL_KEYFILE');
  }
  if (NO_TLS_THERE.test(error.message) || code.includes('WRONG_VERSION')) {
    const without = sasl === undefined ? 'PLAINTEXT' : 'SASL_PLAINTEXT';
    const what = `${where} does not answer in TLS (${said}): that port has none, or the broker is stopping`;
    const fix = `set KAFKA_SECURITY_PROTOCOL=${without}, or name a port with TLS in KAFKA_BOOTSTRAP_SERVERS`;
    return { code: 'TLS_FAILED', what, fix, passes: true };
  }
  if (code.startsWith('ERR_SSL_') || said !== error.message.replace(LEAD, ''))
    return refused(`TLS with ${where} did not come about`, 'see what the log of the broker says of it');
  return undefined;
}

function unreachable(error: ConnectionError, { brokers, ssl, sasl }: Security): ConnectionFailure {
  const where = error.broker ?? brokers.join(', ');
  const said = plain(error.message);
  const failed = (what: string, fix: string): ConnectionFailure => ({ code: 'BROKER_UNREACHABLE', what, fix, passes: true });
  if (NOBODY.test(error.message) || /Connection timeout|No broker available/.test(error.message)) {
    if (error.broker !== undefined && !brokers.includes(error.broker)) {
      return failed(
        `no answer from ${where}, which is where the cluster says that a broker is (${said})`,
        'see that it runs, and that advertised.listeners of the broker names an address that can be reached from here',
      );
    }
    return failed(`no answer from ${where} (${said})`, 'check KAFKA_BOOTSTRAP_SERVERS, and that Kafka runs there');
  }
  const fix = otherProtocol(ssl, sasl);
  if (!HUNG_UP.test(error.message)) return failed(`no answer from ${where} (${said})`, `see that it is a Kafka and runs; ${fix}`);
  const hasCert = typeof ssl === 'object' && ssl.cert !== undefined;
  const wants = [ssl ? '' : 'TLS', sasl === undefined ? 'a login' : '', hasCert ? 'another certificate of this client' : ''];
  const expected = wants.filter((one) => one !== '').join(' or ');
  return failed(`${where} hung up (${said}): ${expected === '' ? '' : `it expects ${expected}, or `}it is stopping`, fix);
}

/** Nobody has less security by mistake and is hung up on for it. */
function otherProtocol(ssl: Security['ssl'], sasl: Security['sasl']): string {
  if (ssl && sasl !== undefined) return 'if it stays so, see what its log says';
  const protocols = ssl || sasl !== undefined ? 'SASL_SSL' : 'SSL, SASL_PLAINTEXT or SASL_SSL';
  const now = `${sasl === undefined ? '' : 'SASL_'}${ssl ? 'SSL' : 'PLAINTEXT'}`;
  return `if it stays so, set KAFKA_SECURITY_PROTOCOL (${now}) to that of the port: ${protocols}`;
}

const LEAD = /^(Connection error|Failed to connect): /;

/** Without what kafkajs puts in front, and of what OpenSSL says the part that is for people. */
function plain(message: string): string {
  const said = message.replace(LEAD, '').trim();
  return /:(?:SSL|x509)[\w ]* routines:[^:]*:([^:]+)/.exec(said)?.[1] ?? said;
}
