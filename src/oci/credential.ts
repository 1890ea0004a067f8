/** Who we are at a registry. Its secret part never stands in a message. */

export type Credential = {
  /** Where it was found, as a person would say it: `SLIPWAY_REGISTRY_USER`, `docker-credential-pass`. */
  readonly source: string;
} & (
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** A long-lived token that only the token server of the registry takes (OAuth 2 refresh token). */
  | { readonly kind: 'identityToken'; readonly token: string }
);

/** What `docker login` and the helper programs use in place of a user's name for an identity token. */
const TOKEN_USER = '<token>';

/** `null` when there is nothing secret in it. */
export function credentialOf(user: string, secret: string, source: string): Credential | null {
  if (secret === '') return null;
  if (user === TOKEN_USER) return { kind: 'identityToken', token: secret, source };
  return { kind: 'password', user, password: secret, source };
}

/** The secret part and every form in which it is sent. */
export function secretsOf(credential: Credential): readonly string[] {
  return credential.kind === 'password' ? [credential.password, basicOf(credential)] : [credential.token];
}

/** RFC 7617, in UTF-8. */
export function basicOf({ user, password }: { readonly user: string; readonly password: string }): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}
