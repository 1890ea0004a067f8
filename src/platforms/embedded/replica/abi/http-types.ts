/** The variants of wasi:http 0.2.12 and wasi:io 0.2.12, cases in the order of their declaration. */

import { IoError } from '../wasi/io.ts';
import { option, own, record, string, u16, u32, u64, u8, variant, type Type } from './types.ts';

export const STREAM_ERROR = variant([
  ['last-operation-failed', own(IoError)],
  ['closed', null],
]);

export const HEADER_ERROR = variant([
  ['invalid-syntax', null],
  ['forbidden', null],
  ['immutable', null],
]);

export const METHOD = variant([
  ...['get', 'head', 'post', 'put', 'delete', 'connect', 'options', 'trace', 'patch'].map(
    (tag) => [tag, null] as const,
  ),
  ['other', string],
]);

export const SCHEME = variant([
  ['HTTP', null],
  ['HTTPS', null],
  ['other', string],
]);

const FIELD_SIZE = record({ fieldName: option(string), fieldSize: option(u32) });

const CASES: Readonly<Record<string, Type<unknown> | null>> = {
  'DNS-timeout': null,
  'DNS-error': record({ rcode: option(string), infoCode: option(u16) }),
  'destination-not-found': null,
  'destination-unavailable': null,
  'destination-IP-prohibited': null,
  'destination-IP-unroutable': null,
  'connection-refused': null,
  'connection-terminated': null,
  'connection-timeout': null,
  'connection-read-timeout': null,
  'connection-write-timeout': null,
  'connection-limit-reached': null,
  'TLS-protocol-error': null,
  'TLS-certificate-error': null,
  'TLS-alert-received': record({ alertId: option(u8), alertMessage: option(string) }),
  'HTTP-request-denied': null,
  'HTTP-request-length-required': null,
  'HTTP-request-body-size': option(u64),
  'HTTP-request-method-invalid': null,
  'HTTP-request-URI-invalid': null,
  'HTTP-request-URI-too-long': null,
  'HTTP-request-header-section-size': option(u32),
  'HTTP-request-header-size': option(FIELD_SIZE),
  'HTTP-request-trailer-section-size': option(u32),
  'HTTP-request-trailer-size': FIELD_SIZE,
  'HTTP-response-incomplete': null,
  'HTTP-response-header-section-size': option(u32),
  'HTTP-response-header-size': FIELD_SIZE,
  'HTTP-response-body-size': option(u64),
  'HTTP-response-trailer-section-size': option(u32),
  'HTTP-response-trailer-size': FIELD_SIZE,
  'HTTP-response-transfer-coding': option(string),
  'HTTP-response-content-coding': option(string),
  'HTTP-response-timeout': null,
  'HTTP-upgrade-failed': null,
  'HTTP-protocol-error': null,
  'loop-detected': null,
  'configuration-error': null,
  'internal-error': option(string),
};

export const ERROR_CODE = variant(Object.entries(CASES));
