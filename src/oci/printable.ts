/** Texts that come from a registry or an image end on people's terminals: nothing in them may steer one. */

/** Control and direction-changing characters become `\u{…}`; longer texts than `limit` characters are cut. */
export function printable(text: string, limit = 300): string {
  // oxlint-disable-next-line no-control-regex -- these are the ones
  const steering = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(steering, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}
