/** Text of programs that nobody has vouched for, as it may stand in a log. */

/** What styles a text and does nothing else: no hiding, no moving of the cursor, no links. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const STYLE = /^\u001b\[(?:0|1|2|22|3\d|4\d|9\d)?(?:;(?:0|1|2|22|3\d|4\d|9\d))*m/;

/** Each ends a line for some reader of logs. */
const LINE_END = /\r\n|[\n\r\u0085\u2028\u2029]/;

/** Control characters become visible but for tabs and styles; whatever ends a line for somebody ends one. */
export function plainLines(text: string): readonly string[] {
  return text.split(LINE_END).map((line) => visible(line));
}

function visible(line: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  if (!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(line)) return line;
  let shown = '';
  for (let at = 0; at < line.length;) {
    const style = STYLE.exec(line.slice(at, at + 32))?.[0];
    if (style !== undefined) {
      shown += style;
      at += style.length;
    } else {
      shown += escaped(line.charCodeAt(at), line.charAt(at));
      at += 1;
    }
  }
  return shown;
}

function escaped(code: number, character: string): string {
  const control = (code < 0x20 && code !== 9) || (code >= 0x7f && code <= 0x9f);
  return control ? `\\x${code.toString(16).padStart(2, '0')}` : character;
}

/** Without styles as well: for what is no log. */
export function unstyled(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replaceAll(/\u001b\[[0-9;]*m/g, '');
}
