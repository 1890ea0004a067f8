import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '../../kernel/digest.ts';
import { environmentName, recordName, releaseLabels, releaseName, secretName, subsetHost } from './names.ts';

const LABEL = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,40}[a-z0-9])?$/);
const longLabel = fc.stringMatching(/^[a-z][a-z0-9-]{50,61}[a-z0-9]$/);
const part = fc.oneof(label, longLabel);

test('every name is one that a Service may have, however long the service and the environment are called', () => {
  fc.assert(
    fc.property(
      part,
      part,
      fc.integer({ min: 1, max: 99_999 }),
      fc.string(),
      (service, environment, number, secret) => {
        const key = `${service}/${environment}`;
        const release = { number, digest: sha256(secret) };
        for (const name of [
          environmentName(key),
          recordName(key),
          subsetHost(key),
          releaseName(key, release),
          secretName(key, secret, '0123456789abcdef'),
        ]) {
          expect(name).toMatch(LABEL);
        }
      },
    ),
  );
});

test('two environments never share a name, wherever the hyphen stands', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'web', 'api'), { minLength: 3, maxLength: 6 }), (words) => {
      const keys = words.slice(1).map((_, cut) => {
        return `${words.slice(0, cut + 1).join('-')}/${words.slice(cut + 1).join('-')}`;
      });
      expect(new Set(keys.map(environmentName)).size).toBe(keys.length);
      const release = { number: 1, digest: sha256('') };
      expect(new Set(keys.map((key) => releaseName(key, release))).size).toBe(keys.length);
    }),
  );
});

test('the usual names are the ones that a person would choose', () => {
  expect(environmentName('greeter/production')).toBe('greeter-production');
  expect(recordName('greeter/production')).toBe('greeter-production-slipway');
  const digest = sha256('');
  expect(releaseName('greeter/production', { number: 7, digest })).toBe('greeter-production-7-e3b0c442');
  expect(secretName('greeter/production', 'DATABASE_URL', 'v1')).toMatch(
    /^greeter-production-database-url-[0-9a-f]{12}$/,
  );
});

test('another version of a secret, and another secret that sounds alike, has another name', () => {
  const names = [
    secretName('greeter/production', 'DATABASE_URL', '1'),
    secretName('greeter/production', 'DATABASE_URL', '2'),
    secretName('greeter/production', 'database__url', '1'),
    secretName('greeter/staging', 'DATABASE_URL', '1'),
  ];
  expect(new Set(names).size).toBe(names.length);
});

test('the labels of a release are those of no other', () => {
  expect(releaseLabels('greeter/production', 1)).not.toEqual(releaseLabels('greeter/production', 11));
});
