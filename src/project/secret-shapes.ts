/** Recognises values that are secrets whatever their key is called: only shapes that nothing else has. */

const SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/,
  /\bglpat-[A-Za-z0-9_-]{20,}/,
  /\bA(KIA|SIA)[A-Z0-9]{16}\b/,
  /\bxox[abposr]-[A-Za-z0-9-]{10,}/,
  /https:\/\/hooks\.slack\.com\/services\//,
  /\bsk_live_[A-Za-z0-9]{16,}/,
  /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+/,
  // A password inside of an address: scheme://user:password@host
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:[^\s/@]+@/i,
];

export function looksSecret(value: string): boolean {
  return SHAPES.some((shape) => shape.test(value));
}

/** The text with every secret that is known by its shape starred out, as long as before. */
export function starSecrets(text: string): string {
  return SHAPES.reduce(
    (starred, shape) => starred.replaceAll(new RegExp(shape, `${shape.flags}g`), (secret) => '*'.repeat(secret.length)),
    text,
  );
}
