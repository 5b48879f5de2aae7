const said = new Set<string>();

/** A warning of this process's, which says each thing once: https://nodejs.org/api/process.html#event-warning */
export function sayOnce(code: string, message: string): void {
  if (said.has(code)) return;
  said.add(code);
  process.emitWarning(message, { type: 'OncekeyWarning', code });
}
