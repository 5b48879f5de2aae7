/** One line an error. Drizzle puts a failed statement's parameters into its message: they are people's own words. */
export function logError(what: string, error: unknown): void {
  const root = rootOf(error);
  const code = root instanceof Error && 'code' in root ? ` (${String(root.code)})` : '';
  const message =
    root instanceof Error && !root.message.startsWith('Failed query') ? root.message : 'a statement failed';
  console.error(`${what}: ${message}${code}`);
}

function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause) root = root.cause;
  return root;
}
